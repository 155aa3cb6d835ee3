import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPreforkWorker } from '../support/celery/prefork-worker.ts'
import { openTransportRig, type TransportRig } from '../support/celery/transport-rig.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'

describeWith(['rabbitmq', 'redis', 'celery'], 'a server and a worker in Python', () => {
  let rabbit: RabbitMqOfTest
  let redis: RedisServerOfTest
  beforeAll(async () => {
    ;[rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()])
  })
  afterAll(async () => {
    await Promise.all([rabbit?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  describe.each(['redis', 'rpc'] as const)('with results by %s', (way) => {
    let worker: ChildProgram
    let rig: TransportRig
    beforeAll(async () => {
      const queue = way === 'redis' ? 'celery' : 'others'
      const backend = way === 'redis' ? redis.url : 'rpc://'
      rig = await openTransportRig({ broker: rabbit.url, queue, ...(way === 'redis' && { redis: redis.url }) })
      worker = await startPreforkWorker({ broker: rabbit.url, backend, name: way, queue })
    })
    afterAll(async () => {
      await worker?.[Symbol.asyncDispose]()
      await rig?.[Symbol.asyncDispose]()
    })

    test('arguments by name and by position arrive, and the result comes back', async () => {
      const args = { text: 'grüße ☃', nothing: null, number: 1.5, list: [1, { deep: true }] }
      const named = await rig.send('py.echo', args)
      const positional = await rig.send('py.echo', ['ä', null, 2.25])
      expect(await rig.endOf(named)).toEqual({ kind: 'succeeded', id: named, result: expect.any(String) })
      expect(JSON.parse((await resultOf(named)) ?? '')).toEqual([[], args])
      expect(JSON.parse((await resultOf(positional)) ?? '')).toEqual([['ä', null, 2.25], {}])
    })

    test('integers beyond 127 in its headers do not end the connection of the worker', async () => {
      const id = await rig.send('py.request', {}, { hardLimit: 300, softLimit: 240, tries: 200 })
      expect(JSON.parse((await resultOf(id)) ?? '')).toEqual({ retries: 200, timelimit: [300, 240], id })
      expect(worker.output()).not.toMatch(/UnexpectedFrame|FrameSyntaxError|Connection to broker lost/)
    })

    test('an exception is told by its type and message, and its trace stays in the log', async () => {
      const id = await rig.send('py.fail_with_two', {})
      expect(await rig.endOf(id)).toEqual({
        kind: 'failed',
        id,
        error: { type: 'ValueError', message: 'bad ☃, 1' },
      })
      const line = rig.logged.find((each) => each.includes(id) && each.includes('a task failed at a worker')) ?? ''
      expect(JSON.parse(line)).toMatchObject({ type: 'ValueError', module: 'builtins' })
      expect(line).toContain('client_tasks.py')
    })

    test('that it has begun and how far it is are told in order', async () => {
      const id = await rig.send('py.steps', { count: 3 })
      await rig.endOf(id)
      expect(rig.newsOf(id)).toEqual([
        { kind: 'started', id, worker: expect.stringMatching(new RegExp(`^${way}@`)) },
        ...[1, 2, 3].map((step) => ({ kind: 'progress', id, fraction: step / 3, note: `step ${step}` })),
        { kind: 'succeeded', id, result: '"done"' },
      ])
    })

    test('what is handed over twice ends as if it had been once', async () => {
      const id = randomUUID()
      await rig.send('py.add', { x: 2, y: 3 }, { id })
      await rig.send('py.add', { x: 2, y: 3 }, { id })
      expect(await rig.endOf(id)).toEqual({ kind: 'succeeded', id, result: '5' })
    })

    test('a task that no worker knows has failed', async () => {
      const id = await rig.send('py.nobody', {})
      expect(await rig.endOf(id)).toMatchObject({ kind: 'failed', error: { type: 'unknown_task' } })
    })

    test('it does not begin before its time', async () => {
      const startAt = Date.now() + 1000
      const id = await rig.send('py.now', {}, { startAt })
      expect(Number(await resultOf(id)) * 1000).toBeGreaterThanOrEqual(startAt)
    })

    test('what has expired before its time comes is not begun', async () => {
      const id = await rig.send('py.now', {}, { startAt: Date.now() + 800, expiresAt: Date.now() + 300 })
      expect(await rig.endOf(id)).toEqual({ kind: 'expired', id })
    })

    test('a task that Python tries again is told so, and ends under the same id', async () => {
      const id = await rig.send('py.flaky', { failures: 2 })
      expect(await rig.endOf(id)).toEqual({ kind: 'succeeded', id, result: '2' })
      const retries = rig.newsOf(id).filter(({ kind }) => kind === 'retrying')
      expect(retries).toMatchObject([
        { error: { type: 'OSError', message: 'try 1' } },
        { error: { type: 'OSError', message: 'try 2' } },
      ])
    })

    test('a running task that is cancelled is ended', async () => {
      const id = await rig.send('py.sleep', { seconds: 60 })
      await expect.poll(() => rig.kindsOf(id)).toContain('started')
      await rig.transport.cancel(id)
      expect(await rig.endOf(id)).toEqual({ kind: 'cancelled', id, reason: 'terminated' })
    })

    test('a worker that does not say what it has begun is asked', async () => {
      const id = await rig.send('py.quiet_sleep', { seconds: 7 })
      await expect
        .poll(() => rig.newsOf(id))
        .toMatchObject([{ kind: 'started', worker: expect.stringMatching(`^${way}@`) }])
      expect(rig.transport.workers().flatMap(({ running }) => running)).toMatchObject([{ id, name: 'py.quiet_sleep' }])
      expect(await rig.endOf(id)).toMatchObject({ kind: 'succeeded', result: '"slept"' })
      expect(rig.kindsOf(id)).toEqual(['started', 'succeeded'])
    })

    test('the worker is seen with what it can do', async () => {
      await expect.poll(() => rig.transport.knows('py.add')).toBe(true)
      expect(rig.transport.knows('py.nobody')).toBe(false)
      expect(rig.transport.names()).toContain('py.steps')
      await expect
        .poll(() => rig.transport.workers())
        .toMatchObject([
          {
            name: expect.stringMatching(`^${way}@`),
            kind: 'celery',
            concurrency: 3,
            queues: [way === 'redis' ? 'celery' : 'others'],
          },
        ])
      const depths = await rig.transport.depths()
      expect(depths.get(way === 'redis' ? 'celery' : 'others')).toBe(0)
    })

    async function resultOf(id: string): Promise<string | undefined> {
      const end = await rig.endOf(id)
      return end.kind === 'succeeded' ? end.result : JSON.stringify(end)
    }
  })
})
