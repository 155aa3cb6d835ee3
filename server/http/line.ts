export interface LineOptions {
  /** How many begin together. */
  readonly atOnce: number
  /** Milliseconds until the next ones begin; 0 for the next turn of the event loop. */
  readonly everyMs: number
}

/**
 * Lets what arrives begin a few at a time, in its order: hundreds that come together are then small pieces of work, with
 * room for everybody else's between them. Whoever finds nobody there does not wait.
 */
export function createLine({ atOnce, everyMs }: LineOptions): () => Promise<void> {
  const waiting: (() => void)[] = []
  let begun = 0

  function letIn(): void {
    const next = waiting.splice(0, atOnce)
    begun = next.length
    if (begun > 0) later()
    for (const begin of next) begin()
  }
  const later = () => void (everyMs === 0 ? setImmediate(letIn) : setTimeout(letIn, everyMs))

  return async () => {
    if (begun === atOnce) return new Promise<void>((begin) => waiting.push(begin))
    begun += 1
    if (begun === 1) later()
  }
}
