/** Something that is pinged. */
export interface Pinged {
  ping(): void
  /** The answer to the last ping did not come in time. */
  overdue(): void
}

/** One connection's place among the pings. */
export interface PingSlot {
  /** The client has answered. Surplus answers are nobody's business. */
  pong(): void
  stop(): void
}

/**
 * Pings everybody once per interval, a few at a time: one clock for all connections, whose ticks are the slots they are
 * spread over. A stalled event loop delays ticks and never makes up for them, so it blames no client.
 */
export interface Pinger extends Disposable {
  /** From one ping of a connection to its next. */
  readonly everyMs: number
  /** The first ping comes after 50 to 100 % of the interval. */
  add(pinged: Pinged): PingSlot
}

const slotCount = 25

export function createPinger({ pingMs, pongMs }: { readonly pingMs: number; readonly pongMs: number }): Pinger {
  const tickMs = pingMs / slotCount
  const pongTicks = Math.min(Math.ceil(pongMs / tickMs), slotCount - 1)
  const slots = Array.from({ length: slotCount }, () => new Set<Entry>())
  let now = 0
  const ticks = setInterval(tick, tickMs).unref()

  return {
    everyMs: pingMs,
    add(pinged) {
      const delay = Math.ceil(slotCount * (0.5 + Math.random() / 2))
      return new Entry(pinged, slotAt(now + delay))
    },
    [Symbol.dispose]: () => clearInterval(ticks),
  }

  function tick(): void {
    now += 1
    for (const entry of [...slotAt(now - pongTicks + slotCount)]) if (entry.awaited) entry.pinged.overdue()
    for (const entry of slotAt(now)) {
      entry.awaited = true
      entry.pinged.ping()
    }
  }

  function slotAt(tickNumber: number): Set<Entry> {
    const slot = slots[tickNumber % slotCount]
    if (!slot) throw new RangeError('ticks count up from 0')
    return slot
  }
}

class Entry implements PingSlot {
  readonly pinged: Pinged
  /** A ping was sent and not answered yet. */
  awaited = false
  readonly #slot: Set<Entry>

  constructor(pinged: Pinged, slot: Set<Entry>) {
    this.pinged = pinged
    this.#slot = slot
    slot.add(this)
  }

  pong(): void {
    this.awaited = false
  }

  stop(): void {
    this.#slot.delete(this)
  }
}
