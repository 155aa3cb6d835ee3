/** Something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Rejects with a `DeadlineError` when `work` has not settled in time. What answers at once needs no clock. */
export function within<T>(ms: number, what: string, work: () => T | Promise<T>): T | Promise<T> {
  const working = work()
  if (!(working instanceof Promise)) return working
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(`${what} took longer than ${ms} ms`)), ms)
    working.then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** The same for work that is told by a signal that nobody waits any more. */
export async function abortedAfter<T>(ms: number, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController()
  try {
    return await within(ms, what, () => work(abort.signal))
  } catch (error) {
    if (error instanceof DeadlineError) abort.abort(error)
    throw error
  }
}
