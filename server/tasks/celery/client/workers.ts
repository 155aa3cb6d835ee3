import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Amqp } from '#server/amqp/amqp.ts'
import { createConsumer } from '#server/amqp/consumer.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import { parseJson } from '../parse-json.ts'
import { eventTopology } from '../worker/topology.ts'
import { createRemoteControl, type RemoteControl } from './remote-control.ts'
import { createWorkerList, type WorkerList, workerEvent } from './worker-list.ts'

/** Workers that live, what they know and what they run: from their heartbeats and from what they answer. */
export interface Workers extends AsyncDisposable, Pick<WorkerList, 'views' | 'names' | 'queues'> {
  readonly control: Pick<RemoteControl, 'tell'>
}

export interface WorkersOptions {
  readonly amqp: Amqp
  readonly settings: TaskSettings['celery']
  /** A worker has just come: what it was not there to be told can be told now. */
  readonly onOnline: () => void
  readonly onRunning: (id: string, worker: string) => void
  readonly log: Logger
}

export function watchWorkers({ amqp, settings, onOnline, onRunning, log }: WorkersOptions): Workers {
  const list = createWorkerList()
  const queue = `celeryev.${randomUUID()}`
  let asking: NodeJS.Timeout | undefined
  const control = createRemoteControl({
    ...{ amqp, exchange: settings.control_exchange, log },
    onReady: () => askSoon(0),
    onReply(worker, method, reply) {
      for (const { id } of list.answered(worker, method, reply)) onRunning(id, worker)
    },
  })
  const events = createConsumer({
    ...{ connection: amqp.consuming, queues: [queue], prefetch: 500, noAck: true, log },
    prepare: (model) =>
      declareTopology(
        model,
        {
          ...eventTopology(settings),
          queues: [
            {
              ...{ name: queue, durable: false, autoDelete: true, exclusive: true },
              arguments: { 'x-expires': 60_000, 'x-message-ttl': 5_000 },
            },
          ],
          bindings: [{ queue, exchange: settings.event_exchange, routingKey: 'worker.#' }],
        },
        { log },
      ),
    onMessage: hear,
  })
  const regularly = setInterval(() => ask(slowMethods), slowMs).unref()
  const often = setInterval(() => list.views().length > 0 && ask(['active']), oftenMs).unref()

  return {
    views: list.views,
    names: list.names,
    queues: list.queues,
    control,
    async [Symbol.asyncDispose]() {
      clearTimeout(asking)
      clearInterval(regularly)
      clearInterval(often)
      await events[Symbol.asyncDispose]()
      await control[Symbol.asyncDispose]()
    },
  }

  /** One event, or a list of them. */
  function hear({ content }: Delivery): void {
    let value: unknown
    try {
      value = parseJson(content)
    } catch {
      return
    }
    for (const each of Array.isArray(value) ? value : [value]) {
      const event = workerEvent.safeParse(each)
      if (!event.success || !list.heartbeat(event.data)) continue
      log.info({ worker: event.data.hostname, software: event.data.sw_ident }, 'a worker is there')
      askSoon(settledMs)
      onOnline()
    }
  }

  /** Of several that come together all are asked at once. */
  function askSoon(delayMs: number): void {
    clearTimeout(asking)
    asking = setTimeout(() => ask([...slowMethods, 'active']), delayMs)
  }

  function ask(methods: readonly string[]): void {
    for (const method of methods) {
      control.ask(method).catch((error: Error) => log.debug({ reason: error.message }, 'workers cannot be asked now'))
    }
  }
}

const slowMethods = ['registered', 'active_queues', 'stats']
const slowMs = 30_000
const oftenMs = 5_000
/** It is there a moment before it listens to what it is asked. */
const settledMs = 200
