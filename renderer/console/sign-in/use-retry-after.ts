import { useEffect, useState } from 'react'
import { remaining } from '../../shared/time.ts'
import { asApiError } from '../api-error.ts'

export interface RetryAfter {
  /** Whether the server asked not to be tried again yet. */
  readonly waits: boolean
  /** `0:17`; null when the server did not ask to wait. */
  readonly left: string | null
}

/** Counts down what a refusal asks to wait. */
export function useRetryAfter(error: unknown): RetryAfter {
  const [until, setUntil] = useState<number | null>(null)
  const [now, setNow] = useState(0)
  useEffect(() => {
    const waitMs = error === null ? null : asApiError(error).retryAfterMs
    const end = waitMs === null ? null : Date.now() + waitMs
    setUntil(end)
    setNow(Date.now())
    if (end === null) return
    const timer = setInterval(() => {
      setNow(Date.now())
      if (Date.now() >= end) clearInterval(timer)
    }, 500)
    return () => clearInterval(timer)
  }, [error])
  if (until === null) return { waits: false, left: null }
  return { waits: now < until, left: remaining(until, now) }
}
