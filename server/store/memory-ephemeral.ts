import { type Count, type Ephemeral, EphemeralError } from './ephemeral.ts'

export interface MemoryEphemeralOptions {
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** Values at a time; beyond it `put` refuses. Default 100,000. */
  readonly maxValues?: number
  /** Keys counted at a time; beyond it the window that began first is forgotten. Default 100,000. */
  readonly maxCounters?: number
}

/** The short-lived values of a single process. */
export function createMemoryEphemeral({
  clock = Date.now,
  maxValues = 100_000,
  maxCounters = 100_000,
}: MemoryEphemeralOptions = {}): Ephemeral {
  const values = new Map<string, { readonly value: string; readonly endsAt: number }>()
  const windows = new Map<string, { count: number; readonly endsAt: number; readonly windowMs: number }>()
  const sweeps = setInterval(sweep, sweepMs).unref()

  return {
    isShared: false,
    async put(key, value, lifetimeMs) {
      if (values.size >= maxValues) sweep()
      if (values.size >= maxValues && !values.has(key)) throw new EphemeralError('full', fullSentence)
      values.set(key, { value, endsAt: clock() + lifetimeMs })
    },
    async read(key) {
      const entry = values.get(key)
      return entry !== undefined && entry.endsAt > clock() ? entry.value : null
    },
    take(key) {
      const entry = values.get(key)
      values.delete(key)
      return entry !== undefined && entry.endsAt > clock() ? entry.value : null
    },
    async count(key, windowMs): Promise<Count> {
      const now = clock()
      const known = windows.get(key)
      // One that ends later than any could is of before the clock was put back.
      if (known !== undefined && known.endsAt > now && known.endsAt <= now + known.windowMs) {
        known.count += 1
        return { count: known.count, endsInMs: known.endsAt - now }
      }
      windows.delete(key)
      windows.set(key, { count: 1, endsAt: now + windowMs, windowMs })
      const [oldest] = windows.keys()
      if (windows.size > maxCounters && oldest !== undefined) windows.delete(oldest)
      return { count: 1, endsInMs: windowMs }
    },
    async forget(key) {
      values.delete(key)
      windows.delete(key)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeps)
      values.clear()
      windows.clear()
    },
  }

  function sweep(): void {
    const now = clock()
    for (const map of [values, windows]) for (const [key, { endsAt }] of map) if (endsAt <= now) map.delete(key)
  }
}

const sweepMs = 30_000

const fullSentence = 'Too many short-lived values at a time. Try again in a second.'
