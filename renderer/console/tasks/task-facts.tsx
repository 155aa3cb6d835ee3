import type { ReactNode } from 'react'
import type { TaskDetail } from '#protocol/tasks.ts'
import { linkTo } from '../location.ts'
import { When } from '../when.tsx'
import { scheduleWords, tookWords } from './task-words.ts'

/** What is known of it, in as few lines as there is room for. */
export function TaskFacts({ task, now }: { readonly task: TaskDetail; readonly now: number }) {
  return (
    <dl className="facts">
      {factsOf(task, now).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function factsOf(task: TaskDetail, now: number): readonly (readonly [string, ReactNode])[] {
  const { id, owner, queue, priority, submittedAt, startAt, startedAt, endedAt, expiresAt, keptUntil } = task
  const { tries, worker, schedule, parentId } = task
  const at = (name: string, moment: string | null) =>
    moment === null ? [] : [[name, <When key={name} at={moment} now={now} />] as const]
  const took = tookWords(task, now)
  return [
    ['Owner', owner?.name ?? 'A schedule'],
    ['Queue', queue],
    ...(priority === 0 ? [] : [['Priority', priority] as const]),
    ...at('Submitted', submittedAt),
    ...(startAt > submittedAt ? at('Not before', startAt) : []),
    ...at('Started', startedAt),
    ...at('Ended', endedAt),
    ...(took === null ? [] : [[endedAt === null ? 'Running for' : 'Took', took] as const]),
    ...(startedAt === null ? at('Expires', expiresAt) : []),
    ...(tries > 1 ? [['Tries', tries] as const] : []),
    ...(worker === null ? [] : [['Worker', worker] as const]),
    ...(schedule === null ? [] : [['Schedule', scheduleWords(schedule)] as const]),
    ...(parentId === null ? [] : [['Submitted by', <TaskLink key="parent" id={parentId} />] as const]),
    ...at('Kept until', keptUntil),
    ['Id', id],
  ]
}

function TaskLink({ id }: { readonly id: string }) {
  return (
    <a className="table-link" {...linkTo(`/tasks/${id}`)}>
      another task
    </a>
  )
}
