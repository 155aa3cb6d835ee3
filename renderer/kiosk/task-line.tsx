import type { TaskView } from '#protocol/tasks.ts'
import { progressWords, stateWords } from '../shared/task-words.ts'

interface TaskLineProps {
  readonly task: TaskView
  /** How many more are under way. */
  readonly others: number
}

/** What this screen has under way, in a line at its foot. */
export function TaskLine({ task, others }: TaskLineProps) {
  const words = [task.name, progressWords(task) || stateWords(task), ...(others > 0 ? [`${others} more`] : [])]
  return (
    <p className="task-line" role="status">
      <progress
        aria-label={`Progress of ${task.name}`}
        max={1}
        // Without a value the bar says that nobody knows.
        {...(task.progress !== null && { value: task.progress })}
      />
      <span>{words.join(' · ')}</span>
    </p>
  )
}
