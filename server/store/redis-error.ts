/** Why Redis did not do what it was asked. `message` is a sentence for people. */
export class RedisError extends Error {
  override readonly name = 'RedisError'
  readonly code: RedisErrorCode
  constructor(code: RedisErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * `away`: unreachable, starting or busy, and nothing was done. `silent`: it was asked and has not answered; whether it
 * was done cannot be known. `busy`: too much waits for it on this node, and it was not asked. `full`, `read_only`,
 * `refused`: it answered, and nothing was done.
 */
export type RedisErrorCode = 'away' | 'silent' | 'busy' | 'full' | 'read_only' | 'refused'

export function redisErrorOf(error: unknown): RedisError {
  if (error instanceof RedisError) return error
  const text = error instanceof Error ? error.message : String(error)
  const isReply = error instanceof Error && error.name === 'ReplyError'
  const code = isReply ? (replies.find(({ start }) => start.test(text))?.code ?? 'refused') : unanswered(text)
  return new RedisError(code, sentences[code](text), { cause: error })
}

/** What the client could not send, or had no answer to. */
function unanswered(text: string): RedisErrorCode {
  return /^Stream isn't writeable/.test(text) ? 'away' : 'silent'
}

/** By what its error replies begin with. */
const replies: readonly { readonly start: RegExp; readonly code: RedisErrorCode }[] = [
  { start: /^OOM\b/, code: 'full' },
  { start: /^READONLY\b/, code: 'read_only' },
  { start: /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNKILLABLE)\b/, code: 'away' },
]

const sentences = {
  away: () => 'Redis is away, so that nothing was done. Try again later.',
  silent: () => 'Redis does not answer in time. It may have been done all the same: look before trying again.',
  busy: () => 'Too much waits for Redis. Publish more slowly, or try again later.',
  full: () => 'Redis has no memory left (maxmemory). Give it more, or keep less history.',
  read_only: () => 'This Redis is a replica that takes no writes. Set redis_url to the master, or use its sentinels.',
  refused: (text) => `Redis refused: ${text.slice(0, 200)}`,
} as const satisfies Record<RedisErrorCode, (text: string) => string>

export function awayError(): RedisError {
  return new RedisError('away', sentences.away())
}

export function busyError(): RedisError {
  return new RedisError('busy', sentences.busy())
}
