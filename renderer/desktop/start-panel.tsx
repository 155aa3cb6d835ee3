import { type ReactNode, useState } from 'react'
import type { DesktopBridge, OwnTasksState } from '#protocol/ipc.ts'
import type { TaskArguments, TaskDefinitionView } from '#protocol/tasks.ts'
import { Dialog } from '../mantine/dialog.tsx'
import { TaskForm } from '../shared/task-form.tsx'
import { askMain } from './ask-main.ts'

interface StartPanelProps {
  readonly bridge: DesktopBridge
  readonly definitions: OwnTasksState['definitions']
  /** Stands above it. */
  readonly children: ReactNode
}

/** What may be started; choosing one asks for its arguments. */
export function StartPanel({ bridge, definitions, children }: StartPanelProps) {
  const [chosen, setChosen] = useState<TaskDefinitionView | null>(null)
  const close = (): void => setChosen(null)
  return (
    <aside className="follows" aria-labelledby="start">
      {children}
      <h2 id="start">Start a task</h2>
      {definitions.length === 0 ? (
        <p className="soft">There is no task that you may start.</p>
      ) : (
        <ul className="follows-list">
          {definitions.map((definition) => (
            <li key={definition.name}>
              <button type="button" className="follow" onClick={() => setChosen(definition)}>
                <span className="start-name">{definition.name}</span>
                <span className="start-about">{definition.description}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <Dialog opened={chosen !== null} onClose={close} title={chosen?.name ?? ''} wide>
        {chosen !== null && <Start bridge={bridge} definition={chosen} onClose={close} />}
      </Dialog>
    </aside>
  )
}

interface StartProps {
  readonly bridge: DesktopBridge
  readonly definition: TaskDefinitionView
  readonly onClose: () => void
}

function Start({ bridge, definition, onClose }: StartProps) {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const submit = async (args: TaskArguments): Promise<void> => {
    setBusy(true)
    const outcome = await askMain(bridge.submitTask(definition.name, args))
    setBusy(false)
    setFailure(outcome.ok ? null : outcome.message)
    if (outcome.ok) onClose()
  }
  return (
    <>
      <p className="start-what soft">{definition.description}</p>
      <TaskForm
        definition={definition}
        onSubmit={submit}
        isBusy={isBusy}
        problem={failure === null ? null : { message: failure, fields: {} }}
        onCancel={onClose}
      />
    </>
  )
}
