/** Tasks that were cancelled, for as long as a worker that had not been told may begin them. */
export interface Cancelled {
  add(id: string): void
  has(id: string): boolean
  ids(): readonly string[]
}

/** As many, and for as long, as Celery's workers themselves remember. The oldest go first. */
export function createCancelled(clock: () => number = Date.now): Cancelled {
  const until = new Map<string, number>()
  return {
    add(id) {
      until.delete(id)
      until.set(id, clock() + keepMs)
      const [oldest] = until.keys()
      if (until.size > maxIds && oldest !== undefined) until.delete(oldest)
    },
    has: (id) => (until.get(id) ?? 0) > clock(),
    ids() {
      for (const [id, end] of until) {
        if (end > clock()) break
        until.delete(id)
      }
      return [...until.keys()].slice(-maxTold)
    },
  }
}

const keepMs = 3 * 3600 * 1000
const maxIds = 50_000
/** In one message. */
const maxTold = 5_000
