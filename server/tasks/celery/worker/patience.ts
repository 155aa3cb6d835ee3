import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AmqpError } from '#server/amqp/amqp-error.ts'

export interface Patience {
  /** How long to go on, in milliseconds. */
  readonly forMs: number
  /** What does not answer: `Redis`. */
  readonly what: string
  readonly log: Logger
  /** It is of no use to go on: the process is to end. */
  readonly signal: AbortSignal
}

/**
 * Tries again while the other side is away, more slowly each time. What cannot be done at all fails at once.
 *
 * @throws the last error, when patience has ended
 */
export async function patiently<T>(work: () => Promise<T>, { forMs, what, log, signal }: Patience): Promise<T> {
  const until = Date.now() + forMs
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const delay = Math.min(50 * 2 ** attempt, 2_000)
      if (!mayPass(error) || signal.aborted || Date.now() + delay > until) throw error
      const reason = error instanceof Error ? error.message : String(error)
      if (attempt === 0) log.warn({ reason }, `${what} does not answer: what is to be written waits for it`)
      await sleep(delay / 2 + Math.random() * (delay / 2), undefined, { signal }).catch(() => {}) // looked at next time
    }
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof AmqpError) || !['unroutable', 'invalid', 'conflict'].includes(error.code)
}
