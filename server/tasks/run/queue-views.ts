import type { TaskQueueView } from '#protocol/tasks.ts'
import type { TaskRecords } from '../records/task-records.ts'
import type { TaskTransport } from '../transport.ts'

/**
 * Queues as the records have them, and as the message broker does: others put tasks into those as well. While it is away
 * the records alone say how it stands.
 */
export async function queueViews(
  records: Pick<TaskRecords, 'queues'>,
  transport: Pick<TaskTransport, 'depths'> | null,
): Promise<readonly TaskQueueView[]> {
  const [own, depths] = await Promise.all([records.queues(), depthsOf(transport)])
  const named = new Set(own.map(({ name }) => name))
  const foreign = [...depths].filter(([name, depth]) => depth > 0 && !named.has(name))
  return [
    ...own.map((queue) => ({ ...queue, waiting: Math.max(queue.waiting, depths.get(queue.name) ?? 0) })),
    ...foreign.map(([name, waiting]) => ({ name, waiting, running: 0, oldestAt: null })),
  ]
}

async function depthsOf(transport: Pick<TaskTransport, 'depths'> | null): Promise<ReadonlyMap<string, number>> {
  if (transport === null) return new Map()
  try {
    return await transport.depths()
  } catch {
    return new Map() // whether it is there, /health/ready says
  }
}
