import type { z } from 'zod'
import { problem } from '#protocol/problem.ts'
import { ApiError } from './api-error.ts'

/** One request to the server and its answer, parsed. Throws `ApiError`. */
export type Ask = <T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown) => Promise<T>

export interface AskOptions {
  readonly fetch?: typeof fetch
  /** Longest wait for an answer, in milliseconds. */
  readonly timeoutMs?: number
}

export function createAsk({ fetch = globalThis.fetch, timeoutMs = 15_000 }: AskOptions = {}): Ask {
  return async (method, path, schema, body) => {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new ApiError(unreachable, { cause })
    })
    const text = await response.text().catch((cause: unknown) => {
      throw new ApiError(unreachable, { cause })
    })
    const json = parseJson(text)
    if (!response.ok) throw refusal(response, json)
    const answer = schema.safeParse(json)
    if (!answer.success) throw new ApiError(badAnswer, { cause: answer.error })
    return answer.data
  }
}

const unreachable = {
  code: 'unreachable',
  title: 'The server does not answer',
  detail:
    'The server does not answer. Check that it is running and that this computer is on the network, then try again.',
}
const badAnswer = {
  code: 'bad_answer',
  title: 'The server answered something unexpected',
  detail: 'The server answered something this page does not understand. Reload the page; the server may be newer.',
}

function refusal(response: Response, body: unknown): ApiError {
  const said = problem.safeParse(body)
  if (said.success) return new ApiError(said.data, retryAfter(response))
  return new ApiError(response.status >= 500 ? unreachable : badAnswer)
}

/** `Retry-After` as our servers write it: in seconds. */
function retryAfter({ headers }: Response): { retryAfterMs?: number } {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}
}

function parseJson(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: no schema accepts it
  }
}
