import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Amqp } from '#server/amqp/amqp.ts'
import { AmqpError } from '#server/amqp/amqp-error.ts'
import { createPublisher } from '#server/amqp/publisher.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import { withModel } from '#server/amqp/with-model.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { RedisStore } from '#server/store/redis.ts'
import type { QueuedTask, TaskTransport } from '../../transport.ts'
import { taskTopology } from '../worker/topology.ts'
import { createCancelled } from './cancelled.ts'
import { depthsOf } from './depths.ts'
import { createFollowing, type Following } from './following.ts'
import { outgoing } from './outgoing.ts'
import { createRedisResults, type RedisResults } from './redis-results.ts'
import { consumeReplies } from './reply-queue.ts'
import { watchWorkers } from './workers.ts'

export interface CeleryTransportOptions {
  readonly amqp: Amqp
  /** Where workers write results; without it they send them to this node's queue. */
  readonly redis: RedisStore | null
  readonly settings: TaskSettings
  /** Queues that tasks of ours go to: they are made when they are not there, unlike any other that somebody names. */
  readonly queues: readonly string[]
  /** What people call this node; the same after a restart, and no other node's. */
  readonly node: string
  /** How long after its time news of a task may come, in milliseconds. Default 15,000. */
  readonly marginMs?: number
  readonly log: Logger
}

/**
 * Tasks to Celery's workers, ours and those in Python, and what becomes of them.
 *
 * @throws StoreError where Redis cannot be reached
 */
export async function openCeleryTransport(options: CeleryTransportOptions): Promise<TaskTransport> {
  const { amqp, redis, settings, node, marginMs = 15_000, log } = options
  const { celery } = settings
  await using parts = new AsyncDisposableStack()
  const own = new Set([
    ...[settings.default_queue, ...options.queues],
    ...settings.routes.map(({ queue }) => queue),
    ...celery.queues.map(({ name }) => name),
  ])
  const topology = taskTopology([...own], celery)
  const replyTo = `carillon.results.${node}`
  const origin = `carillon${process.pid}@${hostname()}`
  const cancelled = createCancelled()

  const publisher = parts.use(
    createPublisher({
      ...{ connection: amqp.publishing, log, maxWaiting: 50_000 },
      prepare: (model) => declareTopology(model, topology, { log }),
    }),
  )
  const subscriber = redis === null ? null : parts.use(await redis.connect('subscriber'))
  const following: Following = parts.use(
    createFollowing({
      ...{ maxResult: settings.max_result, hardLimitMs: settings.hard_limit * 1000, keepMs: settings.keep * 1000 },
      ...{ marginMs, log },
      lookAgain: async (ids) => {
        await results?.look(ids)
      },
      onEnded: (id) => results?.unwatch(id),
    }),
  )
  const results: RedisResults | null =
    redis === null || subscriber === null
      ? null
      : parts.use(
          createRedisResults({
            ...{ subscriber, commands: redis.commands, prefix: celery.result_prefix, unfinished: following.ids, log },
            onResult(result) {
              if (following.phaseOf(result.id) === null) return
              void following.heard(result)
              if (result.status === 'STARTED') insist(result.id)
            },
          }),
        )
  parts.use(
    consumeReplies({
      ...{ connection: amqp.consuming, queue: replyTo, log },
      async onResult(result) {
        if (result.status === 'STARTED') insist(result.id)
        await following.heard(result)
      },
    }),
  )
  const workers = parts.use(
    watchWorkers({
      ...{ amqp, settings: celery, log },
      onOnline: () => revoke(cancelled.ids()),
      onRunning(id, worker) {
        following.begun(id, worker)
        insist(id)
      },
    }),
  )

  const opened = parts.move()
  return {
    async send(task) {
      following.follow({ ...task, startedAt: null, worker: null })
      results?.watch(task.id)
      try {
        await post(task)
      } catch (error) {
        if (error instanceof AmqpError && isFinal(error)) await following.fail(task.id, error.code, error.message)
        else {
          // Where nobody knows whether RabbitMQ has it, it may be on its way, and is handed over again.
          if (!(error instanceof AmqpError) || error.code !== 'silent') following.forget(task.id)
          throw error
        }
      }
    },
    follow(tasks) {
      for (const task of tasks) {
        following.follow(task)
        results?.watch(task.id)
      }
    },
    async cancel(id) {
      cancelled.add(id)
      await workers.control.tell('revoke', revocation([id]))
    },
    knows: (name) => workers.names().has(name) || settings.remote.includes(name),
    names: () => [...new Set([...workers.names(), ...settings.remote])].sort(),
    workers: workers.views,
    depths: () =>
      withModel(amqp.publishing, (model) =>
        depthsOf(model, new Set([...own, ...workers.queues()].slice(0, maxQueues))),
      ),
    onNews: following.onNews,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }

  async function post(task: QueuedTask): Promise<void> {
    const message = outgoing(task, { origin, replyTo, settings, now: Date.now() })
    if (message === null) throw new AmqpError('invalid', taggedSentence)
    const posted = { ...message, exchange: '', routingKey: task.queue }
    try {
      await publisher.publish(posted)
    } catch (error) {
      if (!(error instanceof AmqpError) || error.code !== 'unroutable' || !own.has(task.queue)) throw error
      // Somebody has deleted it.
      await withModel(amqp.publishing, (model) => declareTopology(model, taskTopology([task.queue], celery), { log }))
      await publisher.publish(posted)
    }
  }

  /** It runs although it was cancelled: its worker was not there to be told, or has been started anew. */
  function insist(id: string): void {
    if (cancelled.has(id)) revoke([id])
  }

  function revoke(ids: readonly string[]): void {
    if (ids.length === 0) return
    workers.control.tell('revoke', revocation(ids)).catch((error: Error) => {
      log.warn({ reason: error.message, tasks: ids.length }, 'workers cannot be told that tasks were cancelled')
    })
  }
}

function revocation(ids: readonly string[]): Readonly<Record<string, unknown>> {
  return { task_id: ids.length === 1 ? ids[0] : ids, terminate: true, signal: 'SIGTERM' }
}

/** Of no use to try again. */
function isFinal({ code }: AmqpError): boolean {
  return code === 'unroutable' || code === 'invalid' || code === 'conflict'
}

const maxQueues = 500
const taggedSentence =
  'Its arguments hold an object of the two keys __type__ and __value__, which Python takes for a value of its own. Name them otherwise.'
