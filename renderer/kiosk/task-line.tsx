import type { TaskView } from '#protocol/tasks.ts'
import { progressWords, stateWords } from '../shared/task-words.ts'

interface TaskLineProps {
  readonly task: TaskView
  /** How many more are under way. */
  readonly others: number
}

/** What this screen has under way, in a line at its foot. */
export function TaskLine({ task, others }: TaskLineProps) {
  const words = [clipped(task.name), clipped(progressWords(task) || stateWords(task))]
  if (others > 0) words.push(`${others} more`)
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

/** In characters: what fits on the smallest screen, twice and beside the bar. */
const maxLength = 26

function clipped(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
}
