import { Alert } from '@mantine/core'
import { IconAlertTriangle, IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { Me } from '#protocol/api.ts'
import type { TaskDetail } from '#protocol/tasks.ts'
import { useNow } from '../../shared/now.ts'
import { hasEnded } from '../../shared/task-words.ts'
import { useApi } from '../api-context.ts'
import { ApiError } from '../api-error.ts'
import type { LiveLink } from '../live-link.ts'
import { linkTo, navigate } from '../location.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { JsonBlock } from './json-block.tsx'
import { TaskDeedButton } from './task-deed-button.tsx'
import { TaskFacts } from './task-facts.tsx'
import { TaskFiles } from './task-files.tsx'
import { TaskLife } from './task-life.tsx'
import { TaskStateMark } from './task-state.tsx'
import { taskKey, useLiveTask } from './use-live-tasks.ts'
import { useTaskDeeds } from './use-task-deeds.tsx'

interface TaskPageProps {
  readonly me: Me
  readonly link: LiveLink
  readonly id: string
}

/** One task: where it is, all that happened to it, and what came of it. */
export function TaskPage({ me, link, id }: TaskPageProps) {
  const { tasks } = useApi()
  const deeds = useTaskDeeds((again) => navigate(`/tasks/${again.id}`))
  const task = useQuery({
    queryKey: taskKey(id),
    queryFn: () => tasks.get(id),
    // Changes are told; this is for when the telling fails.
    refetchInterval: ({ state: { data } }) => (data !== undefined && hasEnded(data) ? false : 15_000),
  })
  useLiveTask(link, me, id)
  const isGone = task.error instanceof ApiError && task.error.is('not_found')
  return (
    <>
      <div className="page-head">
        <div>
          <a className="back" {...linkTo('/tasks')}>
            <IconArrowLeft size={17} stroke={1.8} aria-hidden="true" /> Tasks
          </a>
          <h1 className="wrap">{task.data?.name ?? 'Task'}</h1>
        </div>
        {task.data !== undefined && (
          <TaskDeedButton task={task.data} isBusy={deeds.busyId === id} onCancel={deeds.cancel} onRetry={deeds.retry} />
        )}
      </div>
      {isGone && task.data === undefined && (
        <p className="soft page-note" role="status">
          There is no such task, or it is another’s. Tasks and their results are kept for a while after their end.
        </p>
      )}
      {!isGone && task.data === undefined && <ProblemAlert error={task.error} />}
      {task.data !== undefined && <Task task={task.data} />}
      {deeds.dialog}
    </>
  )
}

function Task({ task }: { readonly task: TaskDetail }) {
  const now = useNow(1000)
  const { state, error, result, files, args } = task
  return (
    <>
      <div className="task-now" role="status">
        <TaskStateMark task={task} />
      </div>
      {error !== null && (
        <Alert
          color="red"
          title={state === 'retrying' || state === 'running' ? `The last try: ${error.type}` : error.type}
          icon={<IconAlertTriangle aria-hidden="true" />}
        >
          {error.message}
        </Alert>
      )}
      <TaskFacts task={task} now={now} />
      <div className="task-cards">
        <TaskLife task={task} now={now} />
        <div className="task-column">
          {files.length > 0 && <TaskFiles task={task} />}
          {state === 'succeeded' && <JsonBlock title="Result" value={result ?? null} />}
          <JsonBlock title="Arguments" value={args} />
        </div>
      </div>
    </>
  )
}
