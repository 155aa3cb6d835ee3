import type { Logger } from 'pino'
import type { Amqp } from '#server/amqp/amqp.ts'
import { type Consumer, createConsumer } from '#server/amqp/consumer.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import { declareTopology } from '#server/amqp/topology.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { Lane } from './job.ts'
import { isQuorum, taskTopology } from './topology.ts'

/** Queues of one kind, consumed together. */
export interface OpenLane extends Lane {
  readonly consumer: Consumer
  /** Messages that RabbitMQ may hand over at present before one is answered. */
  prefetch(): number
  /** Of small tasks more are taken ahead, so that threads do not wait for RabbitMQ. */
  pace(areSmall: boolean): void
}

export interface LanesOptions {
  readonly amqp: Amqp
  readonly queues: readonly string[]
  readonly settings: TaskSettings
  readonly concurrency: number
  readonly log: Logger
  readonly onMessage: (delivery: Delivery, lane: Lane) => Promise<void>
  /** What came through it and was not answered is back in its queue. */
  readonly onInterrupted: (lane: Lane) => void
  readonly onStarted: () => void
}

/** Plain queues share one count of what is unanswered; quorum queues refuse that, and count each for itself. */
export function openLanes(options: LanesOptions): readonly OpenLane[] {
  const { queues, settings } = options
  const quorum = queues.filter((queue) => isQuorum(queue, settings.celery))
  const plain = queues.filter((queue) => !quorum.includes(queue))
  return [
    ...(plain.length > 0 ? [openLane(plain, true, options)] : []),
    ...(quorum.length > 0 ? [openLane(quorum, false, options)] : []),
  ]
}

function openLane(queues: readonly string[], mayHold: boolean, options: LanesOptions): OpenLane {
  const { amqp, settings, concurrency, log, onMessage, onInterrupted, onStarted } = options
  let ahead = prefetchFor(queues, settings, concurrency, false)
  let held = 0
  let isTelling = false
  const consumer = createConsumer({
    connection: amqp.consuming,
    ...{ queues, prefetch: ahead, prefetchOf: mayHold ? 'channel' : 'consumer', log, onStarted },
    prepare: (model) => declareTopology(model, taskTopology(queues, settings.celery), { log }),
    onMessage: (delivery) => onMessage(delivery, lane),
    onInterrupted: () => onInterrupted(lane),
  })
  const lane: OpenLane = {
    ...{ queues, mayHold, consumer },
    hold: () => count(1),
    release: () => count(-1),
    pace(areSmall) {
      if (mayHold) ahead = prefetchFor(queues, settings, concurrency, areSmall)
      tell()
    },
    prefetch: () => ahead + (mayHold ? held : 0),
  }
  return lane

  function count(more: number): void {
    held += more
    tell()
  }

  function tell(): void {
    if (!mayHold || isTelling) return
    isTelling = true
    // Once for all that come together.
    setImmediate(() => {
      isTelling = false
      consumer.setPrefetch(Math.min(ahead + held, 65_535)).catch((error: Error) => {
        log.debug({ reason: error.message }, 'the prefetch is set again with the next channel')
      })
    })
  }
}

/** Where tasks have priorities none are taken ahead: those that wait here could not be overtaken. */
function prefetchFor(
  queues: readonly string[],
  { celery }: TaskSettings,
  concurrency: number,
  areSmall: boolean,
): number {
  const { prefetch: configured } = celery
  const hasPriorities = celery.queues.some(
    ({ name, max_priority }) => max_priority !== undefined && queues.includes(name),
  )
  const ofEach = configured === 'auto' ? (areSmall ? 64 : 4) : configured
  return Math.min(concurrency * (hasPriorities ? 1 : ofEach), 65_535)
}
