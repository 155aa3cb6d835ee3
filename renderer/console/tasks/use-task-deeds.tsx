import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { TaskDetail, TaskView } from '#protocol/tasks.ts'
import { ConfirmDialog } from '../../mantine/confirm-dialog.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { changePages, newer, type TaskPages } from './task-pages.ts'
import { taskKey } from './use-live-tasks.ts'

interface TaskDeeds {
  readonly cancel: (task: TaskView) => void
  readonly retry: (task: TaskView) => void
  /** The task that something is being done to. */
  readonly busyId: string | null
  /** Asks before a task is ended that runs. To be put into the page. */
  readonly dialog: ReactNode
}

/** Cancels tasks and runs them again. `onRetried` gets the new one. */
export function useTaskDeeds(onRetried: (task: TaskView) => void): TaskDeeds {
  const { tasks } = useApi()
  const queries = useQueryClient()
  const [ending, setEnding] = useState<TaskView | null>(null)
  const show = (task: TaskView): void => {
    const changed = new Map([[task.id, task]])
    queries.setQueriesData<TaskPages>({ queryKey: ['tasks'] }, (read) => read && changePages(read, changed, () => true))
    queries.setQueryData<TaskDetail>(taskKey(task.id), (read) => read && newer(read, task))
    void queries.invalidateQueries({ queryKey: taskKey(task.id) })
  }
  const fail = (error: unknown): void => void notifications.show({ color: 'red', message: asApiError(error).message })
  const cancel = useMutation({ mutationFn: ({ id }: TaskView) => tasks.cancel(id), onSuccess: show, onError: fail })
  const retry = useMutation({ mutationFn: ({ id }: TaskView) => tasks.retry(id), onSuccess: onRetried, onError: fail })
  const confirmed = async (): Promise<string | null> => {
    if (ending === null) return null
    try {
      show(await tasks.cancel(ending.id))
      return null
    } catch (error) {
      return asApiError(error).message
    }
  }
  return {
    cancel: (task) => (task.state === 'running' ? setEnding(task) : cancel.mutate(task)),
    retry: (task) => retry.mutate(task),
    busyId: (cancel.isPending ? cancel.variables.id : retry.isPending ? retry.variables.id : null) ?? null,
    dialog: (
      <ConfirmDialog
        opened={ending !== null}
        title={`Cancel ${ending?.name ?? ''}?`}
        action="Cancel the task"
        dismiss="Let it run"
        dangerous
        onConfirm={confirmed}
        onClose={() => setEnding(null)}
      >
        <p>
          It runs. It is asked to end, and what it has not finished is lost. It can be run again from its beginning.
        </p>
      </ConfirmDialog>
    ),
  }
}
