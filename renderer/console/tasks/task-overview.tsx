import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import type { Me } from '#protocol/api.ts'
import type { TaskDefinitionView, TaskQueueView, TaskWorkerView } from '#protocol/tasks.ts'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { mayOperate } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { QueueCard } from './queue-card.tsx'
import { ScheduleCard } from './schedule-card.tsx'
import { WorkerCard } from './worker-card.tsx'

interface TaskOverviewProps {
  readonly me: Me
  readonly definitions: readonly TaskDefinitionView[]
}

/** What waits where, who carries it out, and what comes by itself. Viewers see what is theirs, below. */
export function TaskOverview({ me, definitions }: TaskOverviewProps) {
  const now = useNow(1000)
  const operates = mayOperate(me)
  const queues = useTaskQueues(me)
  const { tasks } = useApi()
  const workers = useQuery({
    queryKey: ['task-workers'],
    queryFn: tasks.workers,
    refetchInterval: 5000,
    enabled: operates,
  })
  const scheduled = definitions.filter(({ schedule }) => schedule !== null)
  const isLow = useMediaQuery('(max-height: 36rem)', undefined, { getInitialValueInEffect: false })
  if (!operates) return null
  const cards = (
    <div className="task-cards task-overview">
      {queues.data === undefined ? <ProblemAlert error={queues.error} /> : <QueueCard queues={queues.data} now={now} />}
      {workers.data === undefined ? (
        <ProblemAlert error={workers.error} />
      ) : (
        <WorkerCard workers={workers.data} now={now} />
      )}
      {scheduled.length > 0 && <ScheduleCard definitions={scheduled} now={now} />}
    </div>
  )
  if (!isLow) return cards
  // On a low screen the tasks come before what is known around them.
  return (
    <details className="task-fold">
      <summary>{summaryOf(queues.data, workers.data)}</summary>
      {cards}
    </details>
  )
}

function summaryOf(
  queues: readonly TaskQueueView[] | undefined,
  workers: readonly TaskWorkerView[] | undefined,
): string {
  if (queues === undefined || workers === undefined) return 'Queues and workers'
  const count = (of: 'waiting' | 'running') => queues.reduce((sum, queue) => sum + queue[of], 0).toLocaleString('en')
  const workersThere = workers.length === 1 ? '1 worker' : `${workers.length} workers`
  return `${count('waiting')} waiting, ${count('running')} running, ${workersThere}`
}

export function useTaskQueues(me: Me) {
  const { tasks } = useApi()
  return useQuery({
    queryKey: ['task-queues'],
    queryFn: tasks.queues,
    refetchInterval: 5000,
    enabled: mayOperate(me),
  })
}
