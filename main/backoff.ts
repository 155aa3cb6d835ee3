/** Milliseconds to wait before attempt `attempt` (from 0): doubling up to `longest`, never less than half of it. */
export function backoff(attempt: number, first: number, longest: number, random: () => number = Math.random): number {
  const whole = Math.min(longest, first * 2 ** Math.min(attempt, 30))
  return Math.round(whole * (0.5 + random() / 2))
}
