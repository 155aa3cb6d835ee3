import type { TaskView } from '#protocol/tasks.ts'
import { hasEnded, percentOf, stateWords } from '../../shared/task-words.ts'

/** Where a task is, with a bar while it says how far it is. */
export function TaskStateMark({ task }: { readonly task: TaskView }) {
  const isEnding = task.isCancelling && !hasEnded(task)
  return (
    <>
      <span className={`task-state task-${isEnding ? 'cancelled' : task.state}`}>{stateWords(task)}</span>
      {!hasEnded(task) && <TaskProgress task={task} />}
    </>
  )
}

function TaskProgress({ task: { name, progress, note } }: { readonly task: TaskView }) {
  if (progress === null && note === null) return null
  return (
    <span className="task-progress">
      {progress !== null && (
        <>
          <progress max={1} value={progress} aria-label={`Progress of ${name}`} />
          <span className="task-percent">{percentOf(progress)} %</span>
        </>
      )}
      {note !== null && <span className="task-note">{note}</span>}
    </span>
  )
}
