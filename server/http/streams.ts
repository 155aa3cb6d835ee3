import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { emulationRequest, maxEmulationBytes } from '#protocol/client-protocol.ts'
import { type ProblemCode, problemDocument } from '#protocol/problem.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import { bodyOf } from './body.ts'
import { admitOrigin } from './cross-origin.ts'
import { isForeignPage } from './cross-site.ts'
import { HttpProblem } from './problem-reply.ts'
import type { Recognize } from './recognize.ts'
import { retryAfterOf } from './retry-after.ts'
import { foreignPage, ticketEnded } from './upgrade.ts'

export interface StreamParts {
  readonly realtime: Pick<Realtime, 'stream' | 'emulate' | 'isFull' | 'mark'>
  readonly recognize: Recognize
  /** Where a client is. */
  readonly addressOf: (request: IncomingMessage) => string
  /** Whether pages of this origin may connect. */
  readonly isAllowedOrigin: (origin: string) => boolean
  /** Where anybody is let in without credentials: pages of other origins are not. */
  readonly refusesForeignPages: boolean
  readonly log: Logger
}

/**
 * The client protocol without WebSockets: answers without end, and the requests that bring commands to them. A listener
 * for a server's `request` that answers null when the request is for something else, and otherwise when it is decided.
 */
export function createStreams(parts: StreamParts) {
  const { realtime, recognize, addressOf, isAllowedOrigin, refusesForeignPages, log } = parts
  return (request: IncomingMessage, response: ServerResponse): Promise<void> | null => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const way = ways.get(path)
    if (!way) return null
    return answer(way, request, response).catch((error: unknown) => {
      if (error instanceof HttpProblem || error instanceof AuthError) {
        return refuse(response, error.code, error.message, error)
      }
      // It went away while it was still sending: there is nobody to tell.
      if (response.destroyed) return
      log.error({ err: error, path }, 'opening a stream failed')
      refuse(response, 'internal', 'Try again; if it happens again, look into the server log.')
    })
  }

  async function answer(way: Way, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (admitOrigin(request, response, way.method, isAllowedOrigin) === 'answered') return
    if (request.method !== way.method) {
      response.setHeader('allow', `${way.method}, OPTIONS`)
      throw new HttpProblem('method_not_allowed', `Send a ${way.method} request.`)
    }
    if (way.name === 'emulation') await takeCommands(request, response)
    else await openStream(way, request, response)
  }

  async function openStream(
    way: Exclude<Way, { name: 'emulation' }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const first = way.method === 'POST' ? await readBody(request) : (searchParams.get('cf_connect') ?? '')
    const address = addressOf(request)
    // Before anybody is looked up: who is revoked meanwhile must not be let in.
    const mark = realtime.mark()
    const identity = realtime.isFull(address) ? null : await recognize(request, searchParams.get('ticket'))
    if (identity === null && refusesForeignPages && isForeignPage(request, isAllowedOrigin)) {
      throw new HttpProblem('wrong_origin', foreignPage)
    }
    if (identity === 'refused') throw new HttpProblem('unauthorized', ticketEnded)
    const known = identity && { identity, mark }
    const refusal = realtime.stream(response, { name: way.name, first, known, address })
    if (refusal === null) return
    throw new HttpProblem(refusal.status === 503 ? 'unavailable' : 'bad_request', refusal.sentence)
  }

  /** Nobody is asked who it is: the session alone says whose commands these are. */
  async function takeCommands(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parsed = emulationRequest.safeParse(parseJson(await readBody(request)))
    if (!parsed.success) throw new HttpProblem('bad_request', 'Send {"session", "node", "data"}, three strings.')
    const outcome = await realtime.emulate(parsed.data, addressOf(request))
    switch (outcome) {
      case 'taken':
      // Its stream has ended, which tells the client more than an error here would.
      case 'unknown':
        response.writeHead(204).end()
        break
      case 'unknown_node':
        throw new HttpProblem('not_found', 'The node of this connection does not answer. Connect again.')
      case 'full':
        throw new HttpProblem(
          'rate_limited',
          'More commands wait than may, or too many were for nobody. Connect again.',
        )
      default:
        outcome satisfies never
    }
  }
}

type Way =
  | { readonly name: 'emulation'; readonly method: 'POST' }
  | { readonly name: 'http_stream' | 'uni_http_stream'; readonly method: 'POST' }
  | { readonly name: 'sse' | 'uni_sse'; readonly method: 'GET' }

const ways: ReadonlyMap<string, Way> = new Map<string, Way>([
  ['/connection/http_stream', { name: 'http_stream', method: 'POST' }],
  ['/connection/sse', { name: 'sse', method: 'GET' }],
  ['/connection/uni_http_stream', { name: 'uni_http_stream', method: 'POST' }],
  ['/connection/uni_sse', { name: 'uni_sse', method: 'GET' }],
  ['/emulation', { name: 'emulation', method: 'POST' }],
])

async function readBody(request: IncomingMessage): Promise<string> {
  const body = await bodyOf(request, maxEmulationBytes)
  if (body === null) throw new HttpProblem('payload_too_large', `Send at most ${maxEmulationBytes} bytes.`)
  return body
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Said by the schema, which refuses it.
    return undefined
  }
}

function refuse(response: ServerResponse, code: ProblemCode, detail: string, error?: AuthError | HttpProblem): void {
  const document = problemDocument(code, detail)
  const retryAfter = retryAfterOf(error, document.status)
  if (retryAfter !== null) response.setHeader('retry-after', retryAfter)
  // What is left of the body is not waited for.
  response.writeHead(document.status, { 'content-type': 'application/problem+json', connection: 'close' })
  response.end(JSON.stringify(document))
}
