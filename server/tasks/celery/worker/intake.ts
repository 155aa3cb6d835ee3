import type { Logger } from 'pino'
import type { Delivery } from '#server/amqp/delivery.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { TaskDefinition } from '../../definition.ts'
import { decodeTask } from '../decode-task.ts'
import { type StoredException, stored } from '../exceptions.ts'
import type { MessageRefusal } from '../message-refusal.ts'
import { pythonRepr } from '../python-repr.ts'
import type { Events } from './events.ts'
import type { Finish } from './finish.ts'
import type { Job, Lane } from './job.ts'
import type { Parking } from './parking.ts'
import { patiently } from './patience.ts'
import type { Results } from './results.ts'
import type { Revoked } from './revoked.ts'
import type { Turns } from './turns.ts'

/** What is done with a message, in this order: read, known, not over, not too early; then it waits for its turn. */
export interface Intake {
  take(delivery: Delivery, lane: Lane): Promise<void>
  /** Held until their time has come. */
  held(): readonly Job[]
  /** What is held goes back: all of it, or what came through this lane, which has lost its channel. */
  letGo(lane?: Lane): void
}

export interface IntakeOptions {
  readonly settings: TaskSettings
  readonly definitions: ReadonlyMap<string, TaskDefinition>
  readonly revoked: Revoked
  readonly turns: Turns
  readonly parking: Parking
  readonly finish: Finish
  readonly results: Results
  readonly events: Events
  readonly log: Logger
  readonly signal: AbortSignal
}

/** What cannot be held is put aside, unless it is for less than this, in milliseconds. */
const shortMs = 1_000
/** After so many deliveries without an answer it has taken its workers along. */
const maxDeliveries = 10

export function createIntake(options: IntakeOptions): Intake {
  const { settings, definitions, revoked, turns, parking, finish, results, events, log, signal } = options
  const held = new Map<Job, NodeJS.Timeout>()

  return {
    take,
    held: () => [...held.keys()],
    letGo(lane) {
      for (const [job, timer] of held) {
        if (lane !== undefined && job.lane !== lane) continue
        clearTimeout(timer)
        held.delete(job)
        job.lane.release()
        job.delivery.reject({ requeue: true })
      }
    },
  }

  async function take(delivery: Delivery, lane: Lane): Promise<void> {
    const decoded = decodeTask(delivery)
    if (decoded.kind === 'refused') return refuse(delivery, decoded.refusal)
    const { task } = decoded
    if (delivery.redelivered && turns.takeOver(task.id, delivery)) return
    const definition = definitions.get(task.name)
    const origin = { ...task, id: task.id, name: task.name }
    if (definition === undefined) return fail(delivery, origin, stored.notRegistered(task.name), 'nobody here knows it')
    if (deliveriesOf(delivery) > maxDeliveries) return fail(delivery, origin, poison, 'it has ended its workers')
    const job: Job = {
      ...{ task, definition, lane, delivery, startedAt: null, isAcknowledged: false },
      ending: new AbortController(),
    }
    if (revoked.has(task.id)) return finish.revoked(job, 'revoked')
    if (task.expires !== null && task.expires <= Date.now()) return finish.revoked(job, 'expired')
    events.received(task)
    const waitMs = (task.eta ?? 0) - Date.now()
    if (waitMs <= 0) return turns.add(job)
    const longestMs = lane.mayHold ? settings.celery.hold * 1000 : shortMs
    if (waitMs > longestMs) return park(job, Date.now() + waitMs)
    hold(job, waitMs)
  }

  function park(job: Job, at: number): Promise<void> {
    const patience = { forMs: settings.celery.patience * 1000, what: 'RabbitMQ', log, signal }
    return patiently(() => parking.park(job.delivery, at), patience)
  }

  /** It counts as unacknowledged, so that one more is asked for in its place. */
  function hold(job: Job, waitMs: number): void {
    job.lane.hold()
    const timer = setTimeout(() => {
      held.delete(job)
      job.lane.release()
      turns.add(job)
    }, waitMs)
    held.set(job, timer)
  }

  function refuse(delivery: Delivery, refusal: MessageRefusal): Promise<void> | void {
    const { code, message, id, name } = refusal
    if (id === null) {
      const { queue } = delivery
      log.warn({ queue, code, reason: delivery.unreadable ?? message }, 'a message that is no task was refused')
      return delivery.reject({ requeue: false })
    }
    return fail(delivery, { ...refusal, id, name: name ?? '' }, stored.undecodable(message), message)
  }

  /** Whoever waits for it is told, instead of waiting for ever; then it goes to the dead letters, if there are any. */
  async function fail(
    delivery: Delivery,
    of: Pick<MessageRefusal, 'replyTo' | 'ignoreResult'> & { readonly id: string; readonly name: string },
    why: StoredException,
    reason: string,
  ): Promise<void> {
    log.warn({ task: of.id, name: of.name, queue: delivery.queue, reason }, 'a task was refused')
    const state = { status: 'FAILURE', result: JSON.stringify(why), traceback: reason }
    const patience = { forMs: settings.celery.patience * 1000, what: results.name, log, signal }
    const whose = { id: of.id, replyTo: of.replyTo, group: null, parentId: null }
    if (!of.ignoreResult) await patiently(() => results.store(whose, state), patience)
    events.task('task-failed', of.id, {
      exception: `${why.exc_type}(${pythonRepr(why.exc_message[0])})`,
      traceback: '',
    })
    delivery.reject({ requeue: false })
  }
}

const poison: StoredException = {
  exc_type: 'WorkerLostError',
  exc_message: [`It was begun ${maxDeliveries} times and never ended: it ends the worker that runs it.`],
  exc_module: 'billiard.exceptions',
}

/** Only quorum queues count. */
function deliveriesOf({ headers }: Delivery): number {
  const count = headers['x-delivery-count']
  return typeof count === 'number' ? count + 1 : 1
}
