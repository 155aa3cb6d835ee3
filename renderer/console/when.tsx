import { exactTime, moment } from '../shared/time.ts'

interface WhenProps {
  /** ISO 8601. */
  readonly at: string
  /** How it is said where the clock is not meant: `3 minutes ago`. */
  readonly children?: string
  readonly now: number
}

/** A moment as the reader's clock has it, and to the second, with its zone, for whoever points at it. */
export function When({ at, now, children }: WhenProps) {
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={exactTime(ms)}>
      {children ?? moment(ms, now)}
    </time>
  )
}
