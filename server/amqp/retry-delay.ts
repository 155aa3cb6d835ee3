/** From 100 ms to 5 s, spread, so that the nodes do not all come at once. `attempt` begins with 1. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(100 * 2 ** (attempt - 1), 5_000)
  return longest / 2 + random() * (longest / 2)
}
