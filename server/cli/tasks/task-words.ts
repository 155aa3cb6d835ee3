import type { TaskDetail, TaskView } from '#protocol/tasks.ts'
import { localTime } from '../clock.ts'
import { table, visible } from '../output.ts'

export const rowTitles = ['ID', 'NAME', 'STATE', 'DONE', 'SUBMITTED', 'OWNER', 'NOTE']

export function rowOf({ id, name, state, progress, submittedAt, owner, note, error }: TaskView): readonly string[] {
  const done = progress === null ? '-' : `${Math.floor(progress * 100)} %`
  return [id, name, state, done, localTime(submittedAt), owner?.name ?? 'schedule', error?.message ?? note ?? '']
}

/** All that is known of it, for people. */
export function detailWords(task: TaskDetail): string {
  const { files, events, worker, schedule } = task
  const rows = [
    ['name', task.name],
    ['state', task.isCancelling ? `${task.state}, asked to end` : task.state],
    ['owner', task.owner?.name ?? `schedule ${schedule ?? ''}`],
    ['queue', task.queue],
    ['arguments', JSON.stringify(task.args)],
    ...(task.progress === null ? [] : [['done', `${Math.floor(task.progress * 100)} % ${task.note ?? ''}`]]),
    ...(worker === null ? [] : [['worker', worker]]),
    ...(task.state === 'succeeded' ? [['result', resultText(task.result)]] : []),
    ...(task.error === null ? [] : [['error', `${task.error.type}: ${task.error.message}`]]),
    ...files.map(({ name, bytes }) => ['file', `${name}, ${bytes} bytes, at /api/v1/tasks/${task.id}/files/${name}`]),
    ...events.map(({ at, kind, reason }) => [localTime(at), reason === null ? kind : `${kind}: ${reason}`]),
  ]
  return table(['TASK', task.id], rows)
}

/** How it ended: its result, or why there is none. */
export function endOf({ state, result, error, id }: TaskDetail): string {
  switch (state) {
    case 'succeeded':
      return resultText(result)
    case 'cancelled':
      return `The task was cancelled. To run it again: carillon task retry ${id}`
    case 'expired':
      return `The task was not begun in time. To run it again: carillon task retry ${id}`
    default:
      return `The task has ${state}: ${visible(error === null ? 'nobody said why' : `${error.type}: ${error.message}`)}`
  }
}

function resultText(result: unknown): string {
  return typeof result === 'string' ? visible(result) : JSON.stringify(result ?? null)
}
