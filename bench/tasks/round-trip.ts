import { setTimeout as pause } from 'node:timers/promises'
import type { PublicationContext } from 'centrifuge'
import { taskPush, taskView } from '#protocol/tasks.ts'
import { sdkClient, ticketFor } from '../../test/support/sdk-client.ts'
import { signIn, startServerProcess } from '../../test/support/server-process.ts'
import { median } from '../sheet.ts'
import { startWorkerOf } from './workers.ts'

export interface Brokers {
  readonly broker: string
  readonly redis: string
}

const patienceMs = 30_000
/** What compiles and connects while it runs shall have done so. */
const warmUp = 20
/** Between one and the next, so that the system is idle. */
const restMs = 50

/**
 * Milliseconds from when a client submits a task until the push with its result is there, one at a time: the median. With
 * brokers the task goes over RabbitMQ to a worker and its result comes back by Redis.
 */
export async function roundTrip(count: number, brokers: Brokers | null): Promise<number> {
  await using parts = new AsyncDisposableStack()
  const env = brokers === null ? {} : { AMQP_URL: brokers.broker, REDIS_URL: brokers.redis }
  const server = parts.use(await startServerProcess({ env: { ...env, CARILLON_LOG_LEVEL: 'warn' } }))
  if (brokers !== null) {
    const worker = parts.use(startWorkerOf.carillon({ ...brokers, queue: 'celery' }))
    await worker.waitFor(/takes tasks from/, patienceMs)
  }
  const { id, token } = await signIn(server, 'bench@example.org', 'operator')
  const { client } = parts.use(sdkClient(server, { getToken: ticketFor(server, token) }))
  const ended = new Set<string>()
  let onEnded = () => {}
  const subscription = client.newSubscription(`#${id}`)
  subscription.on('publication', ({ data }: PublicationContext) => {
    const { task } = taskPush.parse(data)
    if (task.state !== 'succeeded') return
    ended.add(task.id)
    onEnded()
  })
  subscription.subscribe()
  client.connect()
  await subscription.ready(patienceMs)

  const times: number[] = []
  for (let number = 0; number < warmUp + count; number++) {
    const time = await submitAndWait(number)
    if (number >= warmUp) times.push(time)
    await pause(restMs)
  }
  return median(times)

  async function submitAndWait(number: number): Promise<number> {
    const begun = performance.now()
    const { data } = await client.rpc('tasks.submit', { name: 'carillon.add', args: [number, 1] })
    const task = taskView.parse(data)
    // The push may be here before the answer is.
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const deadline = setTimeout(() => reject(new Error('the result was not pushed in time')), patienceMs)
    onEnded = () => {
      if (ended.has(task.id)) resolve()
    }
    onEnded()
    await promise.finally(() => clearTimeout(deadline))
    return performance.now() - begun
  }
}
