import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { onTestFinished } from 'vitest'
import { createMailbox, type Mailbox } from './mailbox.ts'
import type { Message } from './raw-client.ts'

/** An HTTP answer without end, read by hand. */
export interface RawStream extends Mailbox {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Everything that came, as it came. */
  text(): string
  /** Resolves with whether it was ended properly. */
  readonly ended: Promise<boolean>
  /** Stops reading, as a client that hangs. */
  stall(): void
  abort(): void
}

export interface StreamRequest {
  /** Sent by POST; without one it is a GET. */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export async function openStream(url: string, { body, headers = {} }: StreamRequest = {}): Promise<RawStream> {
  const asked = request(url, { method: body === undefined ? 'GET' : 'POST', headers, agent: false })
  asked.end(body)
  onTestFinished(() => void asked.destroy())
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  // What ends without warning is seen by `ended`.
  asked.on('error', () => {})
  const mailbox = createMailbox()
  let text = ''
  let rest = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    const messages = lines.map((line) => line.replace(/^data: /, '')).filter((line) => line !== '')
    mailbox.put(...messages.map((line) => JSON.parse(line) as Message))
  })
  response.on('error', () => {})
  return {
    ...mailbox,
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: () => text,
    ended: new Promise((resolve) => response.once('close', () => resolve(response.complete))),
    stall: () => void response.pause(),
    abort: () => void asked.destroy(),
  }
}

/** A stream whose client also sends commands. */
export interface EmulatedClient extends RawStream {
  readonly session: string
  readonly node: string
  /** Sends these in one request and answers its status. */
  post(...commands: unknown[]): Promise<number>
}

/** Connects over a stream. */
export async function connectByStream(
  url: string,
  transport: 'http_stream' | 'sse',
  connect: unknown,
): Promise<EmulatedClient> {
  const first = JSON.stringify({ id: 1, connect })
  const stream = await (transport === 'sse'
    ? openStream(`${url}/connection/sse?cf_connect=${encodeURIComponent(first)}`)
    : openStream(`${url}/connection/http_stream`, { body: first }))
  const { connect: result } = await stream.message(({ id }) => id === 1)
  const { session, node } = result as { session: string; node: string }
  const post = (...commands: unknown[]) =>
    emulate(url, { session, node, data: commands.map((command) => JSON.stringify(command)).join('\n') })
  return { ...stream, session, node, post }
}

/** Sends this as the body of an emulation request and answers the status. */
export async function emulate(url: string, body: unknown): Promise<number> {
  const response = await fetch(`${url}/emulation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  await response.body?.cancel()
  return response.status
}
