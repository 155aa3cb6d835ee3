import { memo } from 'react'
import type { TaskView } from '#protocol/tasks.ts'
import { ago } from '../../shared/time.ts'
import { linkTo } from '../location.ts'
import { When } from '../when.tsx'
import { TaskDeedButton } from './task-deed-button.tsx'
import { TaskStateMark } from './task-state.tsx'
import { tookWords } from './task-words.ts'

interface TaskTableProps {
  readonly tasks: readonly TaskView[]
  readonly now: number
  readonly withOwner: boolean
  readonly busyId: string | null
  readonly onCancel: (task: TaskView) => void
  readonly onRetry: (task: TaskView) => void
}

/** The newest first. */
export function TaskTable({ tasks, now, withOwner, busyId, ...rest }: TaskTableProps) {
  // Only what runs is drawn again with every second that it takes.
  const minute = now - (now % 60_000)
  return (
    <table className="table task-table" aria-label="Tasks">
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">State</th>
          {withOwner && <th scope="col">Owner</th>}
          <th scope="col">Submitted</th>
          <th scope="col" className="number">
            Took
          </th>
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <TaskRow
            key={task.id}
            task={task}
            now={task.state === 'running' ? now : minute}
            withOwner={withOwner}
            isBusy={busyId === task.id}
            {...rest}
          />
        ))}
      </tbody>
    </table>
  )
}

interface TaskRowProps extends Omit<TaskTableProps, 'tasks' | 'busyId'> {
  readonly task: TaskView
  readonly isBusy: boolean
}

const TaskRow = memo(function TaskRow({ task, now, withOwner, isBusy, onCancel, onRetry }: TaskRowProps) {
  const { id, name, state, owner, queue, submittedAt, startAt, tries, error } = task
  const isAhead = state === 'waiting' && Date.parse(startAt) > now
  return (
    <tr>
      <th scope="row">
        <a className="table-link" {...linkTo(`/tasks/${encodeURIComponent(id)}`)}>
          {name}
        </a>
        <span className="table-under">{queue}</span>
      </th>
      <td className="task-cell">
        <TaskStateMark task={task} />
        {isAhead && (
          <span className="table-under">
            not before <When at={startAt} now={now} />
          </span>
        )}
        {tries > 1 && <span className="table-under">try {tries}</span>}
        {error !== null && <span className="table-under task-error">{error.message}</span>}
      </td>
      {withOwner && <td className="task-owner">{owner?.name ?? <span className="soft">A schedule</span>}</td>}
      <td className="nowrap">
        <When at={submittedAt} now={now}>
          {ago(Date.parse(submittedAt), now)}
        </When>
      </td>
      <td className="number">{tookWords(task, now) ?? '–'}</td>
      <td className="table-actions">
        <TaskDeedButton task={task} isBusy={isBusy} small onCancel={onCancel} onRetry={onRetry} />
      </td>
    </tr>
  )
})
