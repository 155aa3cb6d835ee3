import type { Logger } from 'pino'
import type { Publisher } from '#server/amqp/publisher.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { TaskOutcome } from '../../threads/task-threads.ts'
import { encodeTask } from '../encode-task.ts'
import { encodeError, messageOf, type StoredException, stored } from '../exceptions.ts'
import { pythonRepr } from '../python-repr.ts'
import { hasForeignTag } from '../tagged.ts'
import type { After } from './after.ts'
import { limitsOf, retryDelayMs } from './call.ts'
import type { Events } from './events.ts'
import { acknowledge, isLate, type Job } from './job.ts'
import { patiently } from './patience.ts'
import type { Results } from './results.ts'

/** What becomes of a task that has ended: told in an order in which nothing is lost wherever it is interrupted. */
export interface Finish {
  /** Never rejects. What follows is sent, then the result is stored, and only then is the message acknowledged. */
  ran(job: Job, outcome: TaskOutcome): Promise<void>
  /** Not begun, since it was revoked or its time is over. */
  revoked(job: Job, why: 'revoked' | 'expired'): Promise<void>
}

export interface FinishOptions {
  readonly settings: TaskSettings
  readonly publisher: Publisher
  readonly results: Results
  readonly after: After
  readonly events: Events
  readonly log: Logger
  /** There is no time left. */
  readonly signal: AbortSignal
}

export function createFinish(options: FinishOptions): Finish {
  const { settings, publisher, results, after, events, log, signal } = options
  const patience = { forMs: settings.celery.patience * 1000, log, signal }

  return {
    ran: (job, outcome) => guard(job, () => ran(job, outcome)),
    revoked: (job, why) => guard(job, () => revoked(job, why, false)),
  }

  async function guard(job: Job, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      acknowledge(job)
    } catch (error) {
      const { id, name } = job.task
      const reason = error instanceof Error ? error.message : String(error)
      if (!job.isAcknowledged) job.delivery.reject({ requeue: true })
      else if (!signal.aborted) log.error({ task: id, name, reason }, 'the end of a task could not be told: it is lost')
      if (isLate(job) && !signal.aborted) {
        log.error({ task: id, name, reason }, 'the end of a task could not be told: it goes back to its queue')
      }
    }
  }

  async function ran(job: Job, outcome: TaskOutcome): Promise<void> {
    if (outcome.kind === 'succeeded') return succeeded(job, outcome.result)
    if (outcome.kind === 'failed') return failed(job, outcome)
    if (outcome.reason === 'cancelled') return revoked(job, 'terminated', true)
    // It is begun anew elsewhere.
    if (!job.isAcknowledged) job.delivery.reject({ requeue: true })
  }

  async function succeeded(job: Job, result: string): Promise<void> {
    const { task } = job
    if (hasForeignTag(result)) return fail(job, exception('bad_result', foreignTagSentence), null)
    let children: readonly unknown[] = []
    const hasMore = task.embed.callbacks !== null || task.embed.chain !== null
    try {
      const value: unknown = hasMore ? JSON.parse(result) : null
      if (hasMore) children = await patiently(() => after.succeeded(task, value), { ...patience, what: 'RabbitMQ' })
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'CanvasError') throw error
      return fail(job, exception('CanvasError', error.message), null)
    }
    await store(job, { status: 'SUCCESS', result, children })
    await patiently(() => after.counted(task, 'SUCCESS', result), { ...patience, what: 'Redis' })
    if (events.areOn()) {
      const runtime = (Date.now() - (job.startedAt ?? Date.now())) / 1000
      events.task('task-succeeded', task.id, { result: pythonRepr(JSON.parse(result)), runtime })
    }
  }

  async function failed(job: Job, outcome: Extract<TaskOutcome, { kind: 'failed' }>): Promise<void> {
    const { task, definition, delivery } = job
    const why = exceptionOf(job, outcome)
    const delayMs = outcome.isFinal ? null : retryDelayMs(definition, task.retries)
    if (delayMs === null) return fail(job, why, outcome.trace)
    const again = { ...task, retries: task.retries + 1, eta: Date.now() + delayMs }
    const message = { ...encodeTask(again), exchange: delivery.exchange, routingKey: delivery.routingKey }
    await patiently(() => publisher.publish(message), { ...patience, what: 'RabbitMQ' })
    await store(job, { status: 'RETRY', result: JSON.stringify(why), traceback: outcome.trace })
    log.info(
      { task: task.id, name: task.name, reason: shown(why), delayMs: Math.round(delayMs) },
      'a task is tried again',
    )
    events.task('task-retried', task.id, { exception: shown(why), traceback: outcome.trace ?? '' })
  }

  async function fail(job: Job, why: StoredException, trace: string | null): Promise<void> {
    const { task } = job
    const result = JSON.stringify(why)
    log.warn({ task: task.id, name: task.name, reason: shown(why) }, 'a task has failed')
    if (task.embed.errbacks !== null) {
      await patiently(() => after.failed(task), { ...patience, what: 'RabbitMQ' }).catch((error: Error) => {
        if (error.name !== 'CanvasError') throw error
        log.warn({ task: task.id, reason: error.message }, 'what is to follow a failure cannot be sent')
      })
    }
    await store(job, { status: 'FAILURE', result, traceback: trace })
    await patiently(() => after.counted(task, 'FAILURE', result), { ...patience, what: 'Redis' })
    events.task('task-failed', task.id, { exception: shown(why), traceback: trace ?? '' })
  }

  async function revoked(job: Job, why: 'revoked' | 'expired' | 'terminated', terminated: boolean): Promise<void> {
    const { task } = job
    const result = JSON.stringify(stored.revoked(why))
    events.task('task-revoked', task.id, {
      ...{ terminated, signum: terminated ? 'SIGTERM' : null, expired: why === 'expired' },
    })
    await store(job, { status: 'REVOKED', result })
    await patiently(() => after.counted(task, 'REVOKED', result), { ...patience, what: 'Redis' })
  }

  function store({ task }: Job, state: Parameters<Results['store']>[1]): Promise<void> {
    if (task.ignoreResult) return Promise.resolve()
    return patiently(() => results.store(task, state), { ...patience, what: results.name })
  }

  function exceptionOf({ task, definition }: Job, { error, isFinal, ...more }: Failure): StoredException {
    const { hard, soft } = limitsOf(task, definition, settings)
    if (error.type === 'time_limit' && isFinal) return stored.timeLimit(hard)
    if (error.type === 'time_limit') return billiard('SoftTimeLimitExceeded', soft)
    if (error.type === 'worker_exited' || error.type === 'out_of_memory') {
      return billiard('WorkerLostError', error.message)
    }
    const type = error.type === 'bad_arguments' ? 'TypeError' : error.type
    return encodeError({ type, args: more.args ?? [error.message] })
  }
}

type Failure = Extract<TaskOutcome, { kind: 'failed' }>

const foreignTagSentence =
  'Its result has an object of __type__ and __value__ alone, which Python takes for a value that it does not know. Call one of them otherwise.'

function exception(type: string, sentence: string): StoredException {
  return encodeError({ type, args: [sentence] })
}

function billiard(type: string, argument: unknown): StoredException {
  return { exc_type: type, exc_message: [argument], exc_module: 'billiard.exceptions' }
}

/** As Python shows an exception, which is what monitors take apart. */
function shown({ exc_type: type, exc_message: args }: StoredException): string {
  return `${type}(${pythonRepr(messageOf({ type, args }))})`
}
