import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { TaskRequest, TaskWorkerView } from '#protocol/tasks.ts'
import type { Definitions } from '../definitions/load-definitions.ts'
import type { TaskEnd } from '../records/task-life.ts'
import type { TaskRecords } from '../records/task-records.ts'
import type { TaskRow } from '../records/task-row.ts'
import type { TaskOutcome, TaskThreads } from '../threads/task-threads.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { TaskFiles } from './task-files.ts'

/** Threads of this server, which take what waits in the records. */
export interface EmbeddedWorker extends AsyncDisposable {
  /** Something may be there to be begun. */
  wake(): void
  /** Asks it to end, if it runs here. */
  cancel(id: string): void
  view(): TaskWorkerView
}

export interface EmbeddedWorkerOptions {
  readonly records: TaskRecords
  readonly threads: TaskThreads
  readonly definitions: Definitions
  readonly files: TaskFiles
  /** What people call it. */
  readonly name: string
  /** The same after a restart: what ran then is begun again. */
  readonly installation: string
  readonly clock: () => number
  readonly log: Logger
  onChange(row: TaskRow): void
  /** What is of no interest any more when the next comes. */
  onProgress(row: TaskRow): void
  /** For the owner of this one. Answers the id. */
  submit(parent: TaskRow, request: TaskRequest): Promise<string>
  /** What the product's tasks want to know. */
  ask(task: TaskRow, question: string, about: unknown): Promise<unknown>
  /** How long what runs may go on when the server stops, in milliseconds. */
  readonly graceMs: number
}

/** How long a claim holds that nobody renews, in milliseconds. */
const leaseMs = 30_000
const renewEveryMs = 3_000
/** Without being woken it looks this often. */
const pollMs = 1_000
/** Whoever had it was gone so many times: then it is likely that it was the reason. */
const maxLosses = 5

export async function startEmbeddedWorker(options: EmbeddedWorkerOptions): Promise<EmbeddedWorker> {
  const { records, threads, definitions, files, name, installation, clock, log, onChange, onProgress } = options
  const running = new Map<
    string,
    { readonly row: TaskRow; readonly abort: AbortController; readonly done: Promise<void> }
  >()
  let phase: 'running' | 'stopping' = 'running'
  let isPumping = false
  let isWoken = false
  let timer: NodeJS.Timeout | undefined

  for (const row of await records.claimedBy(installation)) await giveUp(row, 'The server ended while it ran.')
  const renewing = setInterval(() => void renew(), renewEveryMs)
  pump()

  /** Takes for as long as there is something and a thread for it; one at a time, and once more if it was woken meanwhile. */
  function pump(): void {
    isWoken = true
    if (isPumping) return
    isPumping = true
    void take().finally(() => {
      isPumping = false
    })
  }

  async function take(): Promise<void> {
    while (isWoken && phase === 'running') {
      isWoken = false
      clearTimeout(timer)
      let waitMs = pollMs
      try {
        await records.promote()
        while (phase === 'running' && running.size < threads.concurrency) {
          const row = await records.claim({ by: installation, until: clock() + leaseMs, worker: name })
          if (row === undefined) break
          begin(row)
        }
        const nextDueAt = await records.nextDueAt()
        if (nextDueAt !== null) waitMs = Math.max(5, Math.min(pollMs, nextDueAt - clock()))
      } catch (error) {
        log.error({ err: error }, 'tasks could not be taken from the records')
      }
      if (phase === 'running') timer = setTimeout(pump, waitMs)
    }
  }

  function begin(row: TaskRow): void {
    const abort = new AbortController()
    // Gone before what follows it is taken.
    const done = carryOut(row, abort.signal).finally(() => {
      running.delete(row.id)
      pump()
    })
    running.set(row.id, { row, abort, done })
    onChange(row)
  }

  async function carryOut(row: TaskRow, signal: AbortSignal): Promise<void> {
    const written = files.open(row.id)
    const outcome = await outcomeOf(row, signal, written.declare)
    const ended = await written.written()
    await untilWritten(row, async () => {
      const changed = await conclude(row, outcome, ended)
      if (changed !== undefined) onChange(changed)
    })
  }

  async function outcomeOf(
    row: TaskRow,
    signal: AbortSignal,
    file: (name: string, type: string) => Promise<string>,
  ): Promise<TaskOutcome> {
    if (!definitions.byName.has(row.name))
      return failure('unknown_task', `This server has no task ${row.name} any more.`)
    const { id, name: task, args, tries } = row
    let told = Promise.resolve()
    const host = {
      file,
      progress: (fraction: number | null, note: string | null) => {
        const written = records.progress(id, fraction, note)
        told = told
          .then(async () => {
            const changed = await written
            if (changed !== undefined) onProgress(changed)
          })
          .catch((error: unknown) => log.warn({ err: error, task: id }, 'progress was not written'))
      },
      submit: (request: TaskRequest) => options.submit(row, request),
      ask: (question: string, about: unknown) => options.ask(row, question, about),
    }
    try {
      return await threads.run({ id, name: task, args, try: tries }, host, signal)
    } catch (error) {
      log.error({ err: error, task: id }, 'a task could not be run')
      return failure('worker_failed', 'The server could not run it. Its log says more.')
    } finally {
      // What it has said is told before its end is.
      await told
    }
  }

  async function conclude(
    row: TaskRow,
    outcome: TaskOutcome,
    written: Awaited<ReturnType<ReturnType<TaskFiles['open']>['written']>>,
  ): Promise<TaskRow | undefined> {
    const finish = (end: TaskEnd) => records.finish(row.id, end, row.tries)
    switch (outcome.kind) {
      case 'succeeded':
        return finish({ state: 'succeeded', result: outcome.result, files: written })
      case 'aborted':
        if (outcome.reason === 'stopping') return records.release(row, null)
        return finish({ state: 'cancelled', reason: 'It was cancelled while it ran.' })
      case 'failed': {
        const { error, isFinal, trace } = outcome
        const failures = row.failures + 1
        const delayMs = isFinal ? null : retryDelayMs(definitions.byName.get(row.name)?.retry, failures)
        log.warn({ task: row.id, name: row.name, try: row.tries, error, trace, retryMs: delayMs }, 'a task failed')
        if (delayMs !== null) return records.retrying(row.id, error, clock() + delayMs, row.tries)
        return finish({ state: 'failed', error, files: written })
      }
      default:
        return outcome satisfies never
    }
  }

  /** What has been done is written as soon as the records can be: until then the claim is kept. */
  async function untilWritten(row: TaskRow, write: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await write()
      } catch (error) {
        log.error({ err: error, task: row.id, attempt }, 'the end of a task could not be written')
        // Whoever starts next, or another node, begins it again.
        if (phase === 'stopping') return
        await pause(Math.min(10_000, 100 * 2 ** attempt))
      }
    }
  }

  /** What somebody had who is gone. */
  async function giveUp(row: TaskRow, reason: string): Promise<void> {
    const lost = { type: 'worker_lost', message: `${reason} It is not begun again.` }
    const early = definitions.byName.get(row.name)?.acknowledge === 'early'
    const changed = row.is_cancelling
      ? await records.finish(
          row.id,
          { state: 'cancelled', reason: 'It was cancelled, and what ran it has ended.' },
          row.tries,
        )
      : early || row.losses + 1 >= maxLosses
        ? await records.finish(row.id, { state: 'failed', error: lost }, row.tries)
        : await records.release(row, reason)
    if (changed !== undefined) onChange(changed)
  }

  async function renew(): Promise<void> {
    try {
      const ids = [...running.keys()]
      if (ids.length > 0) {
        for (const id of await records.renew(installation, ids, clock() + leaseMs))
          running.get(id)?.abort.abort('cancelled')
      }
      for (const row of await records.abandoned()) {
        if (!running.has(row.id)) await giveUp(row, 'The server that ran it is not heard of any more.')
      }
    } catch (error) {
      log.error({ err: error }, 'claims of tasks were not renewed')
    }
  }

  return {
    wake: pump,
    cancel: (id) => running.get(id)?.abort.abort('cancelled'),
    view: () => ({
      name,
      kind: 'embedded',
      concurrency: threads.concurrency,
      queues: [],
      running: [...running.values()].map(({ row }) => ({ id: row.id, name: row.name, startedAt: row.started_at })),
      seenAt: new Date(clock()).toISOString(),
    }),
    async [Symbol.asyncDispose]() {
      phase = 'stopping'
      clearTimeout(timer)
      const all = () => Promise.all([...running.values()].map(({ done }) => done))
      const grace = new AbortController()
      await Promise.race([all(), pause(options.graceMs, undefined, { signal: grace.signal }).catch(() => {})])
      grace.abort()
      for (const { abort } of running.values()) abort.abort('stopping')
      await all()
      clearInterval(renewing)
    },
  }
}

function failure(type: string, message: string): TaskOutcome {
  return { kind: 'failed', error: { type, message }, isFinal: true, trace: null }
}
