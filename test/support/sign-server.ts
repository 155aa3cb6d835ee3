import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What a page of a sign is made of: one ground colour that a picture of the screen shows, and words. */
export function signPage(colour: string, rest = ''): string {
  return `<!doctype html><meta charset="utf-8"><title>Sign</title>
<body style="margin:0;background:${colour};color:#fff;font:60px sans-serif"><h1 id="words">Departures</h1>${rest}`
}

/** A web server with one page that a test can break in every way, and mend. */
export interface SignServer extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly string[]
  /** How it answers from now on. */
  answer: (request: IncomingMessage, response: ServerResponse) => void
  /** What it proves itself with, from its next start on; null when it speaks in the clear. */
  certificate: Certificate | null
  /** Nothing listens any more; what is connected is cut. */
  stop(): Promise<void>
  /** Listens again, at the same address. */
  start(): Promise<void>
}

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export async function startSignServer(
  answer: SignServer['answer'],
  certificate: Certificate | null = null,
): Promise<SignServer> {
  const requests: string[] = []
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? '')
    sign.answer(request, response)
  }
  const create = () =>
    sign.certificate === null ? createServer(listener) : createSecureServer(sign.certificate, listener)
  let port = 0
  const sign: SignServer = {
    ...{ answer, certificate },
    requests,
    get url() {
      return `${sign.certificate === null ? 'http' : 'https'}://127.0.0.1:${port}`
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    async start() {
      if (server.listening) return
      server = create().listen(port, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    },
    async [Symbol.asyncDispose]() {
      await sign.stop()
    },
  }
  let server = create()
  await sign.start()
  return sign
}

export function html(text: string): SignServer['answer'] {
  return (_request, response) => void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text)
}
