import { timeSpan } from '#server/config/namespaces.ts'
import { usageError } from './cli-error.ts'

/** `30m`, `12h`, `7d`, in milliseconds. */
export function spanMs(span: string): number {
  const seconds = timeSpan.safeParse(span)
  // Longer ones end beyond what a date can say.
  if (seconds.success && seconds.data > 0 && seconds.data <= maxSeconds) return seconds.data * 1000
  throw usageError('bad_time_span', 'Give a time span such as 30m, 12h or 7d, of ten years at most.')
}

const maxSeconds = 3650 * 24 * 3600
