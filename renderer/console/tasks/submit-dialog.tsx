import { Select, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { TaskArguments, TaskDefinitionView } from '#protocol/tasks.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { TaskForm } from '../../shared/task-form.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { navigate } from '../location.ts'
import { MomentField } from './moment-field.tsx'
import { newId } from './new-id.ts'
import { scheduleWords } from './task-words.ts'

interface SubmitDialogProps {
  readonly opened: boolean
  /** What one may submit. */
  readonly definitions: readonly TaskDefinitionView[]
  readonly onClose: () => void
}

export function SubmitDialog({ opened, definitions, onClose }: SubmitDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Submit a task" wide>
      <SubmitForm definitions={definitions} onClose={onClose} />
    </Dialog>
  )
}

function SubmitForm({ definitions, onClose }: Pick<SubmitDialogProps, 'definitions' | 'onClose'>) {
  const { tasks } = useApi()
  const [name, setName] = useState(definitions.length === 1 ? (definitions[0]?.name ?? null) : null)
  const [eta, setEta] = useState('')
  const idFor = useSameId()
  const definition = definitions.find((one) => one.name === name)
  const submit = useMutation({
    mutationFn: ({ task, args }: { task: string; args: TaskArguments }) => {
      const request = { name: task, args, ...(eta !== '' && { eta }) }
      return tasks.submit({ ...request, id: idFor(JSON.stringify(request)) })
    },
    onSuccess: (task) => {
      onClose()
      navigate(`/tasks/${task.id}`)
    },
  })
  const refusal = submit.error === null ? null : asApiError(submit.error)
  return (
    <Stack gap="md">
      <Select
        label="Task"
        placeholder="Choose one"
        data={definitions.map((one) => one.name)}
        searchable
        // Within the dialog, and not cut off by it.
        comboboxProps={{ withinPortal: false, floatingStrategy: 'fixed' }}
        nothingFoundMessage="No task has this in its name"
        data-autofocus
        value={name}
        onChange={(chosen) => {
          setName(chosen)
          submit.reset()
        }}
      />
      {definition !== undefined && (
        <>
          <Description definition={definition} />
          <MomentField label="Not before (optional)" value={eta} error={refusal?.fields.eta} onChange={setEta} />
          <TaskForm
            key={definition.name}
            definition={definition}
            isBusy={submit.isPending}
            problem={refusal}
            onSubmit={(args) => submit.mutate({ task: definition.name, args })}
            onCancel={onClose}
          />
        </>
      )}
    </Stack>
  )
}

/** The same id for the same content: sent again after an answer that got lost, it is answered with the task there is. */
function useSameId(): (content: string) => string {
  const last = useRef({ content: '', id: '' })
  return (content) => {
    if (last.current.content !== content) last.current = { content, id: newId() }
    return last.current.id
  }
}

function Description({ definition: { description, queue, schedule } }: { readonly definition: TaskDefinitionView }) {
  return (
    <p className="soft">
      {description} It goes to the queue {queue}.
      {schedule !== null && ` It is also submitted by itself: ${scheduleWords(schedule)}.`}
    </p>
  )
}
