import { toString as inWords } from 'cronstrue'
import type { TaskEvent, TaskView, TaskWorkerView } from '#protocol/tasks.ts'

/** What happened, as people say it. */
export const eventNames = {
  submitted: 'Submitted',
  started: 'Started',
  retried: 'Failed, to be tried again',
  succeeded: 'Done',
  failed: 'Failed',
  cancelling: 'Asked to end',
  cancelled: 'Cancelled',
  expired: 'Not begun in time',
  lost: 'Lost with its worker, to be run again',
} as const satisfies Record<TaskEvent['kind'], string>

export const workerKinds = {
  embedded: 'Threads of this server',
  carillon: 'Carillon worker',
  celery: 'Celery worker',
} as const satisfies Record<TaskWorkerView['kind'], string>

/** How long it has been running, or ran. Null while it does not, and when it never did. */
export function tookWords({ state, startedAt, endedAt }: TaskView, now: number): string | null {
  if (startedAt === null || (endedAt === null && state !== 'running')) return null
  return durationWords((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt))
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`, `3 days 2 h`. */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`
  const whole = Math.floor(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return pair(whole, 60, 'min', 1, 's')
  if (whole < 86_400) return pair(whole, 3600, 'h', 60, 'min')
  return pair(whole, 86_400, whole < 2 * 86_400 ? 'day' : 'days', 3600, 'h')
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small)
  return `${Math.floor(seconds / big)} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}

/** A cron expression in words; as it is where there are none for it. */
export function scheduleWords(cron: string): string {
  try {
    return `${inWords(cron, { use24HourTimeFormat: true, verbose: true })} (UTC)`
  } catch {
    return cron
  }
}
