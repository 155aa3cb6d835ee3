export interface GatherOptions<T> {
  /** Of one batch; what weighs more than that goes by itself. */
  readonly maxCount: number
  readonly maxBytes: number
  bytesOf(item: T): number
  send(items: readonly T[]): Promise<void>
  /** The others of its batch may go well: each is sent again by itself. */
  isOfOne(error: unknown): boolean
}

/** Sends what is given in one turn of the event loop together, and answers each by itself. */
export function gather<T>(options: GatherOptions<T>): (item: T) => Promise<void> {
  const { maxCount, maxBytes, bytesOf, send, isOfOne } = options
  let batch: Waiting<T>[] = []
  let batchBytes = 0

  return (item) => {
    const bytes = bytesOf(item)
    if (batch.length >= maxCount || batchBytes + bytes > maxBytes) flush()
    // Behind all that is settled already.
    if (batch.length === 0) process.nextTick(flush)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    batch.push({ item, resolve, reject })
    batchBytes += bytes
    return promise
  }

  function flush(): void {
    const waiting = batch
    batch = []
    batchBytes = 0
    if (waiting.length > 0) void answer(waiting)
  }

  async function answer(waiting: readonly Waiting<T>[]): Promise<void> {
    try {
      await send(waiting.map(({ item }) => item))
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      if (waiting.length > 1 && isOfOne(error)) for (const one of waiting) void answer([one])
      else for (const { reject } of waiting) reject(error)
    }
  }
}

interface Waiting<T> {
  readonly item: T
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}
