import type { Outbox } from './outbox.ts'

/**
 * The end of a turn of the event loop: whatever was queued in it for a socket leaves in one write. Long lists are
 * spread over several turns, because one write costs microseconds and thousands of them would hold everything else.
 */
export interface WriteTurn {
  /** Runs `prepare` once at the end of this turn, before the writing. */
  before(prepare: () => void): void
  /** Writes this outbox at the end of this turn. */
  add(outbox: Outbox): void
}

const writesATurn = 500

export function createWriteTurn(): WriteTurn {
  let preparing: (() => void)[] = []
  const outboxes: Outbox[] = []
  let scheduled = false

  return {
    before(prepare) {
      preparing.push(prepare)
      schedule()
    },
    add(outbox) {
      outboxes.push(outbox)
      schedule()
    },
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(run)
  }

  function run(): void {
    scheduled = false
    const steps = preparing
    preparing = []
    for (const step of steps) step()
    const now = outboxes.length > writesATurn ? outboxes.splice(0, writesATurn) : outboxes.splice(0)
    for (const outbox of now) outbox.flush()
    if (outboxes.length > 0) schedule()
  }
}
