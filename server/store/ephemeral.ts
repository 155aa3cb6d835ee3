/**
 * Small values that live for seconds or minutes and that all nodes of an installation share: tickets, and counters of
 * rate limits. Kept in memory by a single process, in Redis by several nodes. Nothing here survives a restart of what
 * keeps it.
 */
export interface Ephemeral extends AsyncDisposable {
  /** Whether other processes put and take here as well. */
  readonly isShared: boolean
  /** Throws `EphemeralError`. */
  put(key: string, value: string, lifetimeMs: number): Promise<void>
  /** A value, which stays; or null. Throws `EphemeralError` `unavailable`. */
  read(key: string): Promise<string | null>
  /**
   * Takes a value out, or null: of all who ask at the same time, one gets it. At once where it is kept in memory. Throws
   * `EphemeralError` `unavailable`.
   */
  take(key: string): string | null | Promise<string | null>
  /**
   * Counts one more event of this key in its window of `windowMs`, which begins with its first event. Throws
   * `EphemeralError` `unavailable`.
   */
  count(key: string, windowMs: number): Promise<Count>
  /** Forgets a key, whichever of both it is. */
  forget(key: string): Promise<void>
}

export interface Count {
  /** Events in this window, this one among them. */
  readonly count: number
  /** Until the window ends, in milliseconds; at least 1. */
  readonly endsInMs: number
}

/** `full`: too many values at a time. `unavailable`: what keeps them is away. Trying again in a second is right. */
export class EphemeralError extends Error {
  override readonly name = 'EphemeralError'
  readonly code: 'full' | 'unavailable'
  constructor(code: EphemeralError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
