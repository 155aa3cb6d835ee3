import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { taskRequest } from '#protocol/tasks.ts'
import type { Amqp } from '#server/amqp/amqp.ts'
import { AmqpError } from '#server/amqp/amqp-error.ts'
import { createConsumer } from '#server/amqp/consumer.ts'
import { createPublisher } from '#server/amqp/publisher.ts'
import { declareTopology, type Topology } from '#server/amqp/topology.ts'
import { withModel } from '#server/amqp/with-model.ts'
import type { AmqpTarget } from '#server/config/amqp.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { RedisConnection } from '#server/store/redis.ts'
import type { Definitions } from '../../definitions/load-definitions.ts'
import { queueOf } from '../../queue-of.ts'
import type { TaskThreads } from '../../threads/task-threads.ts'
import { encodeTask, taskMessage } from '../encode-task.ts'
import { createAfter } from './after.ts'
import { createChords } from './chords.ts'
import { createClock } from './clock.ts'
import { createControl } from './control.ts'
import { controlMethods } from './control-methods.ts'
import { createEvents, heartbeatSeconds } from './events.ts'
import { createFinish } from './finish.ts'
import { createIntake } from './intake.ts'
import { openLanes } from './lanes.ts'
import { createParking } from './parking.ts'
import { createRedisResults, createReplyResults } from './results.ts'
import { createRevoked } from './revoked.ts'
import type { Mail } from './send-signature.ts'
import { controlQueue, controlTopology, eventTopology, taskTopology } from './topology.ts'
import { createTurns } from './turns.ts'

/** Takes tasks from Celery's queues in RabbitMQ and carries them out. */
export interface CeleryWorker extends AsyncDisposable {
  readonly node: string
  readonly names: readonly string[]
  /** Resolves when it takes tasks for the first time; false when it does not within this time. */
  whenReady(timeoutMs: number): Promise<boolean>
  /** Takes nothing more, gives back what has not begun, and resolves when what runs has ended and been told. */
  stop(): Promise<void>
}

export interface CeleryWorkerOptions {
  readonly amqp: Amqp
  readonly target: AmqpTarget
  /** Where results go; without it to the queue of whoever waits. */
  readonly redis: RedisConnection | null
  readonly definitions: Definitions
  readonly threads: TaskThreads
  readonly settings: TaskSettings
  readonly queues: readonly string[]
  /** `reports@host`; no other process has the same. */
  readonly node: string
  readonly version: string
  /** Somebody asked over remote control that it stops. */
  readonly onShutdown: () => void
  readonly log: Logger
}

export function createCeleryWorker(options: CeleryWorkerOptions): CeleryWorker {
  const { amqp, target, redis, threads, settings, queues, node, version, onShutdown, log } = options
  const definitions = new Map([...options.definitions.byName].filter(([, { place }]) => place !== 'server'))
  const names = [...definitions.keys()].sort()
  const { concurrency } = threads
  const { event_exchange, control_exchange, result_prefix: prefix } = settings.celery
  const giveUp = new AbortController()
  const ready = Promise.withResolvers<boolean>()
  const parts = new AsyncDisposableStack()
  const declaring = (topology: Topology) => (model: Parameters<typeof declareTopology>[0]) =>
    declareTopology(model, topology, { log })

  const publisher = parts.use(createPublisher({ connection: amqp.publishing, log, maxWaiting: 50_000 }))
  // What monitors are told must not hold up tasks, nor the other way round.
  const telling = parts.use(
    createPublisher({ connection: amqp.publishing, log, prepare: declaring(eventTopology(settings.celery)) }),
  )
  const keep = { prefix, keepSeconds: settings.keep }
  const results = redis === null ? createReplyResults(publisher) : createRedisResults(redis, keep)
  const chords = redis === null ? null : createChords(redis, keep)
  const revoked = createRevoked()
  const clock = createClock()
  const mail: Mail = {
    post,
    queueOf: (name) => queueOf(name, options.definitions, settings),
    setChordSize: chords?.setSize ?? null,
  }
  const after = createAfter({ node, mail, chords, results, log })
  const events = createEvents({
    ...{ publisher: telling, exchange: event_exchange, node, version, clock, on: settings.celery.events },
    counts: () => ({ active: turns.running().length, processed: sum(turns.totals().values()) }),
  })
  const finish = createFinish({ settings, publisher, results, after, events, log, signal: giveUp.signal })
  const turns = createTurns({ settings, threads, revoked, results, finish, events, log, node, submit, onPace })
  const parking = createParking({ connection: amqp.publishing, publisher, log })
  const intake = createIntake({
    ...{ settings, definitions, revoked, turns, parking, finish, results, events, log, signal: giveUp.signal },
  })
  const lanes = openLanes({
    ...{ amqp, queues, settings, concurrency, log },
    onMessage: intake.take,
    onInterrupted(lane) {
      intake.letGo(lane)
      turns.letGo(lane)
    },
    onStarted: () => ready.resolve(true),
  })
  for (const { consumer } of lanes) parts.use(consumer)
  const { host, port, vhost, tls } = target
  const methods = controlMethods({
    ...{ node, names, queues, concurrency, settings, turns, intake, revoked, events, clock, log },
    broker: { host, port, vhost, transport: tls ? 'amqps' : 'amqp' },
    prefetch: () => sum(lanes.map((lane) => lane.prefetch())),
    shutdown: onShutdown,
  })
  parts.use(
    createConsumer({
      ...{
        connection: amqp.consuming,
        queues: [controlQueue(control_exchange, node)],
        prefetch: 100,
        noAck: true,
        log,
      },
      prepare: declaring(controlTopology(settings.celery, node)),
      onMessage: createControl({ node, methods, publisher: telling, clock, log }),
      onStarted: () => events.worker('worker-online'),
    }),
  )
  const heartbeat = setInterval(() => events.worker('worker-heartbeat'), heartbeatSeconds * 1000)
  let stopping: Promise<void> | undefined

  return {
    node,
    names,
    async whenReady(timeoutMs) {
      const timer = setTimeout(() => ready.resolve(false), timeoutMs)
      const isReady = await ready.promise
      clearTimeout(timer)
      return isReady
    },
    stop: () => (stopping ??= stop()),
    async [Symbol.asyncDispose]() {
      giveUp.abort()
      clearInterval(heartbeat)
      await parts.disposeAsync()
    },
  }

  function onPace(areSmall: boolean): void {
    for (const lane of lanes) lane.pace(areSmall)
  }

  async function stop(): Promise<void> {
    await Promise.all(lanes.map(({ consumer }) => consumer.pause()))
    intake.letGo()
    turns.letGo()
    await turns.idle()
    clearInterval(heartbeat)
    events.worker('worker-offline')
    await Promise.all([publisher.idle(flushMs), telling.idle(flushMs)])
  }

  /** Another task of the same workflow. */
  async function submit(parent: Parameters<Parameters<typeof createTurns>[0]['submit']>[0], given: unknown) {
    const { id = randomUUID(), name, args, queue, priority, eta, countdown, expires } = taskRequest.parse(given)
    const now = Date.now()
    const message = taskMessage({
      ...{ id, name, rootId: parent.task.rootId, parentId: parent.task.id, origin: node },
      ...(Array.isArray(args) ? { args } : { kwargs: args }),
      eta: eta !== undefined ? Date.parse(eta) : countdown === undefined ? null : now + countdown * 1000,
      expires: expires === undefined ? null : now + expires * 1000,
      priority: priority ?? null,
    })
    await post(queue ?? queueOf(name, options.definitions, settings), encodeTask(message, now))
    return id
  }

  async function post(queue: string, message: ReturnType<typeof encodeTask>): Promise<void> {
    const outgoing = { ...message, exchange: '', routingKey: queue }
    try {
      await publisher.publish(outgoing)
    } catch (error) {
      if (!(error instanceof AmqpError) || error.code !== 'unroutable') throw error
      // As Python does: who runs it may come later.
      await withModel(amqp.publishing, declaring(taskTopology([queue], settings.celery)))
      await publisher.publish(outgoing)
    }
  }
}

/** How long what was published last may take, in milliseconds. */
const flushMs = 3_000

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
