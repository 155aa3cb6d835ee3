/**
 * How much of something a client may do: `capacity` at once, and `perSecond` in the long run. Asking for more than there
 * is makes debts, which time pays off; how deep they may be is the caller's decision.
 */
export class Budget {
  readonly #capacity: number
  readonly #perSecond: number
  #left: number
  /** When `left` was right, in milliseconds. */
  #at: number

  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = capacity
    this.#perSecond = perSecond
    this.#left = capacity
    this.#at = now
  }

  /** Takes one and answers what is left: below 0 when there was none. A clock set back costs and gives nothing. */
  take(now: number): number {
    this.#left = this.left(now) - 1
    return this.#left
  }

  /** What there is, without taking any. */
  left(now: number): number {
    const earned = (Math.max(0, now - this.#at) * this.#perSecond) / 1000
    this.#at = now
    this.#left = Math.min(this.#capacity, this.#left + earned)
    return this.#left
  }
}
