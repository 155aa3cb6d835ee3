/** From 100 ms to 10 s, spread, so that the nodes do not all come at once. `attempt` begins with 1. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(100 * 2 ** (attempt - 1), 10_000)
  return longest / 2 + random() * (longest / 2)
}
