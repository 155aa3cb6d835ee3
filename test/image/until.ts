import { setTimeout as pause } from 'node:timers/promises'

/** Asks again until the answer is neither null nor false. A question that fails is asked again too. */
export async function until<T>(
  what: string,
  question: () => Promise<T | null | false>,
  { timeoutMs = 900_000, everyMs = 3000 } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs
  let last: unknown = null
  while (performance.now() < end) {
    try {
      const answer = await question()
      if (answer !== null && answer !== false) return answer
    } catch (error) {
      last = error
    }
    await pause(everyMs)
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: last })
}
