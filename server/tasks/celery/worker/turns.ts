import type { Logger } from 'pino'
import type { TaskRequest } from '#protocol/tasks.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { TaskHost } from '../../threads/host.ts'
import { ordersAhead } from '../../threads/messages.ts'
import type { TaskOutcome, TaskThreads } from '../../threads/task-threads.ts'
import { encodeProgress } from '../progress.ts'
import { orderOf } from './call.ts'
import type { Events } from './events.ts'
import type { Finish } from './finish.ts'
import { acknowledge, isLate, type Job, type Lane } from './job.ts'
import type { Results } from './results.ts'
import type { Revoked } from './revoked.ts'
import { createStateWriter } from './state-writer.ts'

/** Tasks that may be begun, and those that run. */
export interface Turns {
  add(job: Job): void
  /** The same task was delivered again while it runs here: its end answers the new message. */
  takeOver(id: string, delivery: Delivery): boolean
  ready(): readonly Job[]
  running(): readonly Job[]
  /** How often each has ended. */
  totals(): ReadonlyMap<string, number>
  /** Asks it to end. */
  cancel(id: string): boolean
  /** What has not begun goes back: all of it, or what came through this lane, which has lost its channel. */
  letGo(lane?: Lane): void
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>
}

export interface TurnsOptions {
  readonly settings: TaskSettings
  readonly threads: TaskThreads
  readonly revoked: Revoked
  readonly results: Results
  readonly finish: Finish
  readonly events: Events
  readonly log: Logger
  readonly node: string
  submit(parent: Job, request: TaskRequest): Promise<string>
  /** Tasks have become small, or no longer are. */
  onPace(areSmall: boolean): void
}

/** That a task has started is told once it has run for so long: of short ones the end says everything. */
const startedAfterMs = 50
/** Tasks are sent ahead from when they take less than the one until they take more than the other, in milliseconds. */
const [smallMs, slowMs] = [5, 20]
/** None are sent ahead any more while one has been with the threads for so long, in milliseconds. */
const heldUpMs = 200

export function createTurns(options: TurnsOptions): Turns {
  const { settings, threads, revoked, results, finish, events, log, node, submit, onPace } = options
  const ready = new Set<Job>()
  const running = new Map<string, Job>()
  /** Ended, and not told yet. */
  const telling = new Set<Job>()
  const maxTelling = Math.max(100, threads.concurrency * 128)
  let areSmall = false
  const totals = new Map<string, number>()
  let typicalMs = slowMs * 4
  let whenIdle: (() => void)[] = []

  return {
    add(job) {
      ready.add(job)
      pump()
    },
    takeOver(id, delivery) {
      const job = running.get(id) ?? [...telling].find(({ task }) => task.id === id)
      if (job === undefined) return false
      job.delivery = delivery
      // It was acknowledged when it began, or is just being told.
      if (job.isAcknowledged) delivery.ack()
      return true
    },
    ready: () => [...ready],
    running: () => [...running.values()],
    totals: () => totals,
    cancel(id) {
      const job = running.get(id)
      job?.ending.abort('cancelled')
      return job !== undefined
    },
    letGo(lane) {
      for (const job of ready) {
        if (lane !== undefined && job.lane !== lane) continue
        ready.delete(job)
        job.delivery.reject({ requeue: true })
      }
    },
    async idle() {
      if (running.size + telling.size === 0) return
      await new Promise<void>((resolve) => whenIdle.push(resolve))
    },
  }

  function pump(): void {
    for (const job of ready) {
      // While results cannot be written no more are made.
      if (running.size >= room() || telling.size >= maxTelling) return
      // The same twice in the queue: one after the other.
      if (running.has(job.task.id)) continue
      ready.delete(job)
      begin(job)
    }
  }

  /** Of small tasks some are sent ahead to the threads: one by one the way there would take longer than they do. */
  function room(): number {
    const [oldest] = running.values()
    const isHeldUp = oldest !== undefined && Date.now() - (oldest.startedAt ?? 0) > heldUpMs
    return areSmall && !isHeldUp ? threads.concurrency * ordersAhead : threads.concurrency
  }

  /** What one takes of a thread, about: those sent ahead wait behind each other. */
  function took(ms: number, together: number): void {
    typicalMs += (ms / Math.max(1, together / threads.concurrency) - typicalMs) / 8
    // Not there and back with each that is a little slower.
    const areNow = areSmall ? typicalMs < slowMs : typicalMs < smallMs
    if (areNow === areSmall) return
    areSmall = areNow
    onPace(areSmall)
  }

  function begin(job: Job): void {
    const { task } = job
    if (revoked.has(task.id)) return void tell(job, finish.revoked(job, 'revoked'))
    if (task.expires !== null && task.expires <= Date.now()) return void tell(job, finish.revoked(job, 'expired'))
    running.set(task.id, job)
    job.startedAt = Date.now()
    if (!isLate(job)) acknowledge(job)
    events.task('task-started', task.id)
    void run(job)
  }

  async function run(job: Job): Promise<void> {
    const { task, definition, ending } = job
    const [begunAt, together] = [performance.now(), running.size]
    const states = createStateWriter(task, results, log)
    let isStarted = task.ignoreResult
    const started = () => {
      if (isStarted) return
      isStarted = true
      states.started(JSON.stringify({ pid: process.pid, hostname: node }))
    }
    const timer = isStarted ? undefined : setTimeout(started, startedAfterMs)
    const host: TaskHost = {
      progress(fraction, note) {
        if (task.ignoreResult) return
        started()
        states.progress(encodeProgress({ fraction, note }))
      },
      submit: (request) => submit(job, request),
      file: () => Promise.reject(new Error(noFiles)),
      ask: () => Promise.reject(new Error('Only tasks within the server can ask it.')),
    }
    let outcome: TaskOutcome
    try {
      outcome = await threads.run(orderOf(task, definition, settings), host, ending.signal)
    } catch (error) {
      log.error({ err: error, task: task.id, name: task.name }, 'a task could not be run')
      const message = 'The worker could not run it. Its log says why.'
      outcome = { kind: 'failed', error: { type: 'internal', message }, isFinal: true, trace: null }
    }
    clearTimeout(timer)
    took(performance.now() - begunAt, together)
    running.delete(task.id)
    totals.set(task.name, (totals.get(task.name) ?? 0) + 1)
    tell(
      job,
      states.close().then(() => finish.ran(job, outcome)),
    )
    pump()
  }

  function tell(job: Job, told: Promise<void>): void {
    telling.add(job)
    void told.then(() => {
      telling.delete(job)
      pump()
      if (running.size + telling.size > 0) return
      const resolves = whenIdle
      whenIdle = []
      for (const resolve of resolves) resolve()
    })
  }
}

const noFiles =
  "Files for a task's owner are kept by the server: give the task place: 'server', or write where the owner can reach it."
