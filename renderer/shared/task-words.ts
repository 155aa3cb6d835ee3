import type { TaskState, TaskView } from '#protocol/tasks.ts'

/** Where a task is, in a word or two. */
export function stateWords({ state, isCancelling }: Pick<TaskView, 'state' | 'isCancelling'>): string {
  return isCancelling && !hasEnded({ state }) ? 'Ending' : words[state]
}

export function hasEnded({ state }: Pick<TaskView, 'state'>): boolean {
  return state !== 'waiting' && state !== 'running' && state !== 'retrying'
}

/** How far it is, `43 % · page 3`; what it says of that is all there is where it gives no number. */
export function progressWords({ progress, note }: Pick<TaskView, 'progress' | 'note'>): string {
  return [progress === null ? null : `${percentOf(progress)} %`, note].filter((part) => part !== null).join(' · ')
}

/** Never 100 before it is. */
export function percentOf(progress: number): number {
  return Math.floor(progress * 100)
}

/** A result as text; null where there is nothing to show. */
export function resultText(result: unknown): string | null {
  if (result === undefined || result === null) return null
  const text = typeof result === 'string' ? result : JSON.stringify(result, null, 2)
  return text.length > maxResultLength ? `${text.slice(0, maxResultLength)}…` : text
}

/** Of a result shown in a list, in characters. */
const maxResultLength = 5000

const words = {
  waiting: 'Waiting',
  running: 'Running',
  retrying: 'Trying again',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Not begun in time',
} as const satisfies Record<TaskState, string>
