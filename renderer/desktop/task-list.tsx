import { Button, Progress } from '@mantine/core'
import { useState } from 'react'
import type { DesktopBridge, Outcome, OwnTask } from '#protocol/ipc.ts'
import { Bell } from '../shared/bell.tsx'
import { hasEnded, percentOf, progressWords, resultText, stateWords } from '../shared/task-words.ts'
import { clockTimeWithSeconds } from '../shared/time.ts'
import { askMain } from './ask-main.ts'

interface TaskListProps {
  readonly bridge: DesktopBridge
  readonly tasks: readonly OwnTask[]
}

/** The tasks of whoever is signed in, newest first: bars that move, and results. */
export function TaskList({ bridge, tasks }: TaskListProps) {
  if (tasks.length === 0) {
    return (
      <div className="empty">
        <Bell className="empty-mark" />
        <h2>No task yet</h2>
        <p>Start one, and its progress and its result appear here. You may close the lid meanwhile: it goes on.</p>
      </div>
    )
  }
  return (
    <ol className="tasks" aria-label="Tasks">
      {tasks.map((one) => (
        <TaskRow key={one.task.id} bridge={bridge} {...one} />
      ))}
    </ol>
  )
}

function TaskRow({ bridge, task, result }: OwnTask & Pick<TaskListProps, 'bridge'>) {
  const [failure, setFailure] = useState<string | null>(null)
  const ask = async (question: Promise<Outcome>): Promise<void> => {
    const outcome = await askMain(question)
    setFailure(outcome.ok ? null : outcome.message)
  }
  const ended = hasEnded(task)
  return (
    <li className="task" aria-label={task.name}>
      <div className="task-head">
        <span className="task-name">{task.name}</span>
        <span className={`task-state task-${task.state}`} role="status">
          {stateWords(task)}
        </span>
        <time dateTime={task.submittedAt}>{clockTimeWithSeconds(Date.parse(task.submittedAt))}</time>
        <span className="bar-space" />
        {ended ? (
          <Button variant="subtle" size="compact-sm" onClick={() => ask(bridge.retryTask(task.id))}>
            Run again
          </Button>
        ) : (
          <Button
            variant="subtle"
            size="compact-sm"
            disabled={task.isCancelling}
            onClick={() => ask(bridge.cancelTask(task.id))}
          >
            Cancel
          </Button>
        )}
      </div>
      {!ended && <Bar task={task} />}
      <End task={task} result={result} onSave={(name) => ask(bridge.saveTaskFile(task.id, name))} />
      {failure !== null && (
        <p className="follows-failure" role="alert">
          {failure}
        </p>
      )}
    </li>
  )
}

function Bar({ task }: Pick<OwnTask, 'task'>) {
  const isVague = task.progress === null && task.state === 'running'
  const words = progressWords(task)
  return (
    <>
      <Progress.Root>
        {/* A bar of which nobody knows how far it is has no value to be read out. */}
        <Progress.Section
          role="progressbar"
          aria-label={`Progress of ${task.name}`}
          withAria={!isVague}
          value={isVague ? 100 : percentOf(task.progress ?? 0)}
          striped={isVague}
          animated={isVague}
        />
      </Progress.Root>
      {words !== '' && <p className="task-note">{words}</p>}
    </>
  )
}

function End({ task, result, onSave }: OwnTask & { readonly onSave: (name: string) => void }) {
  const text = task.state === 'succeeded' ? resultText(result) : null
  return (
    <>
      {task.error !== null && (
        <p className="task-error">
          {task.error.type}: {task.error.message}
        </p>
      )}
      {text !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whatever scrolls must be reachable with the keyboard
        <pre className="task-result" tabIndex={0}>
          {text}
        </pre>
      )}
      {task.files.length > 0 && (
        <ul className="task-files" aria-label="Files">
          {task.files.map(({ name }) => (
            <li key={name}>
              <Button variant="default" size="compact-sm" onClick={() => onSave(name)}>
                Save {name}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
