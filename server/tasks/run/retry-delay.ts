import type { RetryPolicy } from '../definition.ts'

/** How long to wait before the next try, in milliseconds; null when there is none. `failures`: how many have failed, from 1. */
export function retryDelayMs(policy: RetryPolicy | undefined, failures: number, random = Math.random): number | null {
  if (policy === undefined || failures > policy.times) return null
  const { delay = 1, factor = 2, longest = 600 } = policy
  return random() * Math.min(delay * factor ** (failures - 1), longest) * 1000
}
