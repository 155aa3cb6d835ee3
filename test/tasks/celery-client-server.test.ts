import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TaskPush, taskPush } from '#protocol/tasks.ts'
import { startPreforkWorker } from '../support/celery/prefork-worker.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'
import { type SdkClient, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { asker } from './tasks-rig.ts'

describeWith(['rabbitmq', 'redis', 'celery'], 'tasks as whoever submits them sees them', () => {
  let rabbit: RabbitMqOfTest
  let redis: RedisServerOfTest
  beforeAll(async () => {
    ;[rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()])
  })
  afterAll(async () => {
    await Promise.all([rabbit?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  describe.each([
    ['by threads of the server', 'embedded'],
    ['by a worker in Python, told through Redis', 'redis'],
    ['by a worker in Python, told through its own queue', 'rpc'],
  ] as const)('carried out %s', (_, way) => {
    const queue = `q_${way}`
    let server: ServerProcess
    let worker: ChildProgram | null = null
    let token: string
    let sdk: SdkClient
    let tasks: ReturnType<typeof asker>
    const pushes: TaskPush[] = []
    beforeAll(async () => {
      const settings = { default_queue: queue, concurrency: 2, hard_limit: 3 }
      const folder = join(import.meta.dirname, '../support/celery/embedded')
      server = await startServerProcess({
        env: {
          CARILLON_TASKS: JSON.stringify({ ...settings, ...(way === 'embedded' && { folder }) }),
          ...(way !== 'embedded' && { AMQP_URL: rabbit.url }),
          ...(way === 'redis' && { REDIS_URL: redis.url }),
        },
      })
      ;({ token } = await signIn(server, 'ada@example.org', 'operator'))
      tasks = asker(server, token)
      if (way !== 'embedded') {
        const backend = way === 'redis' ? redis.url : 'rpc://'
        worker = await startPreforkWorker({ broker: rabbit.url, backend, name: way, queue })
      }
      const { body } = await server.api('GET', '/api/v1/me', { headers: bearer(token) })
      sdk = sdkClient(server, { getToken: ticketFor(server, token) })
      const subscription = sdk.client.newSubscription(`#${(body as { id: string }).id}`)
      subscription.on('publication', ({ data }) => void pushes.push(taskPush.parse(data)))
      const subscribed = new Promise((resolve) => subscription.once('subscribed', resolve))
      subscription.subscribe()
      sdk.client.connect()
      await subscribed
    })
    beforeEach(async () => {
      await expect.poll(() => knows('py.echo')).toBe(true)
    })
    afterAll(async () => {
      sdk?.[Symbol.dispose]()
      await worker?.[Symbol.asyncDispose]()
      await server?.[Symbol.asyncDispose]()
    })

    test('arguments arrive and the result comes back, over the socket as well', async () => {
      const args = { text: 'grüße ☃', nothing: null, list: [1.5, { deep: true }] }
      const { id } = await tasks.submit('py.echo', args)
      await expect.poll(() => pushesOf(id).at(-1)).toMatchObject({ task: { state: 'succeeded' }, result: [[], args] })
      expect(await tasks.get(id)).toMatchObject({ state: 'succeeded', result: [[], args], tries: expect.any(Number) })
    })

    test('an exception is told by type and message, and no path of the worker with it', async () => {
      const { id } = await tasks.submit('py.fail_with_two')
      const ended = await tasks.end(id)
      expect(ended).toMatchObject({ state: 'failed', error: { type: 'ValueError', message: 'bad ☃, 1' } })
      expect(JSON.stringify([ended, pushesOf(id)])).not.toMatch(/tasks\.(py|ts)/)
    })

    test('it begins, moves and ends, in this order at the socket', async () => {
      const { id } = await tasks.submit('py.steps', { count: 4, seconds: 0.4 })
      await expect.poll(() => pushesOf(id).at(-1)?.task.state).toBe('succeeded')
      const seen = pushesOf(id).map(({ task: { state } }) => state)
      expect(seen.filter((state, index) => state !== seen[index - 1])).toEqual(['waiting', 'running', 'succeeded'])
      const bar = pushesOf(id).map(({ task: { progress } }) => progress ?? 0)
      expect(bar).toEqual(bar.toSorted((a, b) => a - b))
      expect(new Set(bar).size).toBeGreaterThanOrEqual(4)
      expect((await tasks.get(id)).worker).toMatch(way === 'embedded' ? /./ : new RegExp(`^${way}@`))
    })

    test('it does not begin before its time, and not when it has expired by then', async () => {
      const before = Date.now()
      const { id } = await tasks.submit('py.now', {}, { countdown: 1 })
      const late = await tasks.submit('py.now', {}, { countdown: 1, expires: 0.3 })
      expect(Number((await tasks.end(id)).result) * 1000).toBeGreaterThanOrEqual(before + 1000)
      expect(await tasks.end(late.id)).toMatchObject({ state: 'expired', startedAt: null })
    })

    test('what fails and is tried again ends under the same id, with each reason in its life', async () => {
      const { id } = await tasks.submit('py.flaky', { failures: 2 })
      const ended = await tasks.end(id)
      expect(ended).toMatchObject({ state: 'succeeded', result: 2 })
      const reasons = ended.events.filter(({ kind }) => kind === 'retried').map(({ reason }) => reason)
      expect(reasons).toEqual(['OSError: try 1', 'OSError: try 2'])
    })

    test('what runs is ended when it is cancelled', async () => {
      const { id } = await tasks.submit('py.sleep', { seconds: 60 })
      await expect.poll(async () => (await tasks.get(id)).state).toBe('running')
      await tasks.cancel(id)
      expect(await tasks.end(id, 10_000)).toMatchObject({ state: 'cancelled' })
    })

    test('what never ends has failed at its hard limit', async () => {
      const { id } = await tasks.submit('py.spin')
      expect(await tasks.end(id)).toMatchObject({ state: 'failed', error: { type: 'time_limit' } })
    })

    test('a name that nobody knows is refused with those that are nearest', async () => {
      await expect(tasks.submit('py.ecko')).rejects.toThrow(/unknown_task.*py\.echo/)
    })

    test('who carries tasks out is shown', async () => {
      const kind = way === 'embedded' ? 'embedded' : 'celery'
      await expect
        .poll(async () => (await server.api('GET', '/api/v1/task-workers', { headers: bearer(token) })).body)
        .toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ kind })]) })
    })

    function pushesOf(id: string): readonly TaskPush[] {
      return pushes.filter(({ task }) => task.id === id)
    }

    async function knows(name: string): Promise<boolean> {
      const { body } = await server.api('GET', '/api/v1/task-definitions', { headers: bearer(token) })
      return JSON.stringify(body).includes(`"${name}"`)
    }

    if (way === 'embedded') return
    test('what ends while the server is gone is found when it is back', async () => {
      const { id } = await tasks.submit('py.steps', { count: 3, seconds: 0.5 })
      await expect.poll(async () => (await tasks.get(id)).progress).toBeGreaterThan(0)
      await server.kill()
      const end = new RegExp(`Task py.steps\\[${id}\\] succeeded`)
      await worker?.waitFor(end)
      await server.start()
      expect(await tasks.end(id)).toMatchObject({ state: 'succeeded', result: 'done', tries: 1 })
      await expect.poll(() => pushesOf(id).at(-1)).toMatchObject({ result: 'done' })
    })
  })
})
