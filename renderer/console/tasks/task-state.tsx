import type { TaskView } from '#protocol/tasks.ts'
import { isFinal } from './task-pages.ts'
import { percent, stateNames } from './task-words.ts'

/** Where a task is, with a bar while it says how far it is. */
export function TaskStateMark({ task }: { readonly task: TaskView }) {
  const { state, isCancelling } = task
  const ends = isCancelling && !isFinal(state)
  return (
    <>
      <span className={`task-state task-${ends ? 'cancelled' : state}`}>
        {ends ? 'Being cancelled' : stateNames[state]}
      </span>
      <TaskProgress task={task} />
    </>
  )
}

export function TaskProgress({ task: { state, name, progress, note } }: { readonly task: TaskView }) {
  if (isFinal(state) || (progress === null && note === null)) return null
  return (
    <span className="task-progress">
      {progress !== null && (
        <>
          <progress max={1} value={progress} aria-label={`Progress of ${name}`} />
          <span className="task-percent">{percent(progress)} %</span>
        </>
      )}
      {note !== null && <span className="task-note">{note}</span>}
    </span>
  )
}
