import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { finalTaskStates, taskStates } from '#protocol/tasks.ts'
import { publishThrough } from '../ingest/amqp-service.ts'
import { readHistory } from '../ingest/read-history.ts'
import { startWorker } from '../support/celery/worker-program.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { createKey, type ServerProcess } from '../support/server-process.ts'
import { startTaskServer } from './tasks-rig.ts'

const total = 10_000
const channels = 4
const submitters = 10

describeWith(['rabbitmq'], 'ten thousand tasks and ten thousand events', () => {
  let rabbit: RabbitMqOfTest
  beforeAll(async () => {
    rabbit = await startRabbitMq()
  })
  afterAll(() => rabbit?.[Symbol.asyncDispose]())

  test('each has one end and arrives once, though RabbitMQ, workers and the server are killed', {
    timeout: 400_000,
  }, async () => {
    const kept = { history_size: total, history_ttl: '1h', force_recovery: true }
    const namespaces = [{ name: 'storm', ...kept, subscribe_roles: ['viewer', 'operator', 'admin'] }]
    const { server, submit, count } = await startTaskServer(
      {},
      { concurrency: 0, per_owner: 2 * total },
      { AMQP_URL: rabbit.url, CARILLON_NAMESPACES: JSON.stringify(namespaces), CARILLON_LOG_LEVEL: 'warn' },
    )
    const key = await createKey(server, ['subscribe'])
    const giveUp = new AbortController()
    onTestFinished(() => giveUp.abort())
    const workers = await startWorkers(rabbit.url)

    const accepted = new Map<string, number>()
    let confirmed = 0
    let bound = 0
    const accept = (tasks: number) =>
      expect.poll(() => accepted.size, { timeout: 120_000, interval: 20 }).toBeGreaterThan(tasks)
    async function submitSome(from: number): Promise<void> {
      for (let number = from; number < total; number += submitters) {
        const id = `00000000-0000-4000-8000-${number.toString().padStart(12, '0')}`
        while (accepted.size >= bound) {
          giveUp.signal.throwIfAborted()
          await pause(20)
        }
        // With the same id it is safe to send again.
        while (!(await submit('carillon.add', [number, 1], { id }).catch(isUnreachable))) {
          giveUp.signal.throwIfAborted()
          await pause(100)
        }
        accepted.set(id, number)
      }
    }
    /** As many of them as there are tasks, so that both are under way whatever happens. */
    async function publishAll(): Promise<void> {
      for (let from = 0; from < total; from += 500) {
        await accept(from * 0.95 - 1)
        const before = confirmed
        await publishThrough(rabbit.url, eventsFrom(from, 500), {
          signal: giveUp.signal,
          onConfirmed: (some) => {
            confirmed = before + some
          },
        })
      }
    }
    /** Each falls into the middle of work: what is submitted meanwhile has its bound, however fast the machine is. */
    async function makeTrouble(): Promise<void> {
      const troubles = [
        () => rabbit.stop().then(() => rabbit.start()),
        () => workers.replace(0),
        () => server.kill().then(() => server.start()),
        () => rabbit.kill().then(() => rabbit.start()),
        () => workers.replace(1),
      ]
      for (const [step, trouble] of troubles.entries()) {
        const begins = total * 0.15 * (step + 1)
        bound = begins + total * 0.1
        await accept(begins)
        await trouble()
      }
      expect(accepted.size, 'the last trouble came when all was over').toBeLessThan(total)
      bound = total
    }
    const submitting = Array.from({ length: submitters }, (_, from) => submitSome(from))
    await Promise.all([...submitting, publishAll(), makeTrouble()])
    expect([accepted.size, confirmed, server.kills, workers.kills()]).toEqual([total, total, 1, 2])

    const countIn = (state: string) => count(`state=${state}`)
    await expect
      .poll(async () => (await Promise.all(['waiting', 'running', 'retrying'].map(countIn))).join(), {
        ...{ timeout: 120_000, interval: 2_000 },
      })
      .toBe('0,0,0')
    const ends = Object.fromEntries(await Promise.all(taskStates.map(async (state) => [state, await countIn(state)])))
    expect(ends).toMatchObject({ succeeded: total, failed: 0, cancelled: 0, expired: 0 })

    await expect.poll(() => lengths(server, key), { timeout: 60_000, interval: 500 }).toBeGreaterThanOrEqual(total)
    const seen = new Set<number>()
    for (let channel = 0; channel < channels; channel += 1) {
      const publications = await readHistory(server, key, `storm:${channel}`)
      expect(publications.map(({ offset }) => offset)).toEqual(publications.map((_, index) => index + 1))
      for (const { data } of publications) {
        const { number } = data as { number: number }
        expect(number % channels).toBe(channel)
        expect(seen.has(number), `event ${number} came twice`).toBe(false)
        seen.add(number)
      }
    }
    expect(seen.size).toBe(total)

    expect(await server.stop()).toBe(0)
    const tasks = endsInRecords(server)
    expect(tasks).toHaveLength(total)
    expect(tasks.filter(({ id, result }) => Number(result) !== Number(accepted.get(id)) + 1)).toEqual([])
    expect(tasks.filter(({ ends }) => ends !== 1)).toEqual([])
  })
})

/** Then `fetch` rejects, or the server says that it is only just starting; any other answer is a failure. */
function isUnreachable(error: unknown): false {
  if (error instanceof TypeError) return false
  if (error instanceof Error && error.message.startsWith('503: ')) return false
  throw error
}

function eventsFrom(from: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index
    return { routingKey: `storm.${number % channels}`, body: { number }, messageId: `event-${number}` }
  })
}

async function lengths(server: ServerProcess, key: string): Promise<number> {
  const all = await Promise.all(
    Array.from({ length: channels }, (_, channel) => readHistory(server, key, `storm:${channel}`)),
  )
  return all.flat().length
}

/** Two, each of which can be killed; another takes its place under its name. */
async function startWorkers(broker: string) {
  let kills = 0
  const start = (place: number) => startWorker({ broker, name: `worker${place}` })
  const all: ChildProgram[] = []
  onTestFinished(async () => void (await Promise.all(all.map((worker) => worker[Symbol.asyncDispose]()))))
  all.push(...(await Promise.all([start(0), start(1)])))

  return {
    kills: () => kills,
    async replace(place: number): Promise<void> {
      const worker = all[place] as ChildProgram
      process.kill(worker.pid, 'SIGKILL')
      expect(await worker.exited).toBeNull()
      kills += 1
      all[place] = await start(place)
    },
  }
}

interface EndInRecords {
  readonly id: string
  readonly result: string | null
  /** How often it was told that it had ended. */
  readonly ends: number
}

/** Of every task, as it is written down. */
function endsInRecords({ data }: ServerProcess): readonly EndInRecords[] {
  using records = new DatabaseSync(join(data, 'carillon.sqlite'), { readOnly: true })
  const kinds = finalTaskStates.map((state) => `'${state}'`).join()
  const rows = records
    .prepare(`select id, result, (select count(*) from task_events where task_id = tasks.id and kind in (${kinds})) as ends
      from tasks`)
    .all()
  return rows as unknown as readonly EndInRecords[]
}
