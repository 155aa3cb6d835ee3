import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPublisher } from '#server/amqp/publisher.ts'
import { encodeTask, taskMessage } from '#server/tasks/celery/encode-task.ts'
import { noEmbed, type Signature } from '#server/tasks/celery/signature.ts'
import { startPreforkWorker } from '../support/celery/prefork-worker.ts'
import { openTransportRig, type TransportRig } from '../support/celery/transport-rig.ts'
import { startWorker } from '../support/celery/worker-program.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'

describeWith(['rabbitmq', 'redis', 'celery'], 'a server and workers that are in trouble', () => {
  let rabbit: RabbitMqOfTest
  let redis: RedisServerOfTest
  let python: ChildProgram
  let rig: TransportRig
  beforeAll(async () => {
    ;[rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()])
    // As an operator may have made it.
    await rabbit.ctl('eval', operatorsQueue)
    rig = await openTransportRig({ broker: rabbit.url, redis: redis.url, marginMs: 1_000, queues: ['late'] })
    python = await startPreforkWorker({ broker: rabbit.url, backend: redis.url, name: 'python', queue: 'python' })
  })
  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]()
    await python?.[Symbol.asyncDispose]()
    await Promise.all([rabbit?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  test('a queue that is another is said and used as it is', async () => {
    const id = await rig.send('py.add', [1, 2])
    expect((await rig.transport.depths()).get('celery')).toBe(1)
    expect(rig.logged.filter((line) => line.includes('The queue celery is in RabbitMQ already'))).toEqual([
      expect.stringContaining('another x-max-priority: 10 instead of none'),
    ])
    expect(rig.newsOf(id)).toEqual([])
  })

  test('a task for a queue that nobody has made has failed at once', async () => {
    const id = await rig.send('py.add', [1, 2], { queue: 'nowhere' })
    expect(rig.newsOf(id)).toEqual([
      { kind: 'failed', id, error: { type: 'unroutable', message: expect.stringContaining('no queue nowhere') } },
    ])
  })

  test('arguments that Python would not read are refused before it gets them', async () => {
    const id = await rig.send('py.echo', { value: { __type__: 'pickle', __value__: 'x' } }, { queue: 'python' })
    expect(rig.newsOf(id)).toMatchObject([{ kind: 'failed', error: { type: 'invalid' } }])
  })

  test('what expires in a queue without a worker has expired', async () => {
    const id = await rig.send('py.add', [1, 2], { expiresAt: Date.now() + 500 })
    expect(await rig.endOf(id)).toEqual({ kind: 'expired', id })
  })

  test('a task that never tells how it ended is given up', async () => {
    const lost = randomUUID()
    const startedAt = Date.now()
    rig.transport.follow([
      { id: lost, startAt: startedAt, expiresAt: null, hardLimit: 1, startedAt, worker: 'gone@host' },
    ])
    expect(await rig.endOf(lost)).toMatchObject({ kind: 'failed', error: { type: 'result_lost' } })
    expect(Date.now() - startedAt).toBeGreaterThan(2_000)
  })

  test('what ended while the server was away is told when it is back', async () => {
    const node = `test_${randomUUID()}`
    const id = randomUUID()
    const startAt = Date.now()
    {
      await using first = await openTransportRig({ broker: rabbit.url, redis: redis.url, node })
      await first.send('py.steps', { count: 10 }, { id, queue: 'python' })
      await expect.poll(() => first.kindsOf(id)).toContain('started')
    }
    await expect.poll(() => redis.ask('get', `celery-task-meta-${id}`)).toContain('SUCCESS')
    await using second = await openTransportRig({ broker: rabbit.url, redis: redis.url, node })
    second.transport.follow([{ id, startAt, expiresAt: null, startedAt: startAt, worker: 'python@host' }])
    expect(await second.endOf(id)).toEqual({ kind: 'succeeded', id, result: '"done"' })
  })

  test('what ended while Redis was away from the server is found when it is back', async () => {
    const id = await rig.send('py.quiet_sleep', { seconds: 1 }, { queue: 'python' })
    // Every connection of the server; the worker in Python opens another one.
    await redis.ask('client', 'kill', 'type', 'pubsub')
    expect(await rig.endOf(id)).toMatchObject({ kind: 'succeeded', result: '"slept"' })
  })

  test('a chain goes from Python to Python to our own worker, with links under their ids', async () => {
    await using ours = await startWorker({
      ...{ broker: rabbit.url, redis: redis.url, name: 'ours', args: ['--queues', 'ours'] },
    })
    await ours.waitFor(/takes tasks from/)
    const [first, second, third, link, failing, handled] = Array.from({ length: 6 }, () => randomUUID())
    for (const id of [first, second, third, link, failing, handled]) {
      rig.transport.follow([{ id: String(id), startAt: Date.now(), expiresAt: null, startedAt: null, worker: null }])
    }
    await using publisher = createPublisher({ connection: rig.amqp.publishing, log: silent })
    await expect.poll(() => publisher.isUp()).toBe(true)
    const post = (message: ReturnType<typeof taskMessage>) =>
      publisher.publish({ ...encodeTask(message), exchange: '', routingKey: 'python' })
    await post(
      taskMessage({
        ...{ id: String(first), name: 'py.add', args: [1, 2] },
        embed: {
          ...noEmbed,
          callbacks: [signatureOf('py.add', [100], link, 'python')],
          chain: [signatureOf('js.add', [1000], third, 'ours'), signatureOf('py.add', [10], second, 'python')],
        },
      }),
    )
    await post(
      taskMessage({
        ...{ id: String(failing), name: 'py.fail', args: ['bad'] },
        embed: { ...noEmbed, errbacks: [signatureOf('js.echo', [], handled, 'ours')] },
      }),
    )
    expect(await rig.endOf(String(first))).toMatchObject({ result: '3' })
    expect(await rig.endOf(String(link))).toMatchObject({ result: '103' })
    expect(await rig.endOf(String(second))).toMatchObject({ result: '13' })
    expect(await rig.endOf(String(third))).toMatchObject({ result: '1013' })
    expect(await rig.endOf(String(failing))).toMatchObject({ kind: 'failed', error: { message: 'bad' } })
    expect(await rig.endOf(String(handled))).toMatchObject({ kind: 'succeeded', result: JSON.stringify(failing) })
    await expect
      .poll(() => rig.transport.workers().find(({ name }) => name.startsWith('ours@')))
      .toMatchObject({ kind: 'carillon', queues: ['ours'], concurrency: 2 })
  })

  test('a worker that comes later is told what was cancelled before', async () => {
    const id = await rig.send('js.noop', {}, { queue: 'late', startAt: Date.now() + 8_000 })
    await rig.transport.cancel(id)
    await using _ours = await startWorker({
      ...{ broker: rabbit.url, redis: redis.url, name: 'late', args: ['--queues', 'late'] },
    })
    expect(await rig.endOf(id)).toMatchObject({ kind: 'cancelled' })
    expect(rig.kindsOf(id)).toEqual(['cancelled'])
  })

  test('nothing that was accepted is lost when RabbitMQ is restarted, and what is sent meanwhile is refused', async () => {
    const before = await Promise.all(
      Array.from({ length: 20 }, (_, x) =>
        rig.send('py.add', { x, y: 1 }, { queue: 'python', startAt: Date.now() + 1_000 }),
      ),
    )
    await rabbit.kill()
    const task = { id: randomUUID(), name: 'py.add', args: '[1, 1]', queue: 'python', priority: 0, startAt: 0 }
    await expect(
      rig.transport.send({ ...task, expiresAt: null, tries: 0, parentId: null, ownerId: null }),
    ).rejects.toMatchObject({ code: 'away' })
    await rabbit.start()
    const after = await rig.send('py.add', { x: 40, y: 2 }, { queue: 'python' })
    expect(await rig.endOf(after, 30_000)).toMatchObject({ result: '42' })
    for (const [x, id] of before.entries()) expect(await rig.endOf(id)).toMatchObject({ result: String(x + 1) })
    // Heard of again, over connections of its own.
    await expect.poll(() => rig.transport.workers().map(({ kind }) => kind), { timeout: 20_000 }).toContain('celery')
    // Python comes back more slowly each time it finds nobody.
  }, 150_000)
})

function signatureOf(task: string, args: readonly unknown[], id: string | undefined, queue: string): Signature {
  return { task, args: [...args], kwargs: {}, options: { task_id: id, queue }, subtask_type: null, immutable: false }
}

const silent = pino({ level: 'silent' })

/** Erlang: a queue `celery` with priorities. */
const operatorsQueue =
  'rabbit_amqqueue:declare({resource, <<"/">>, queue, <<"celery">>}, true, false, [{<<"x-max-priority">>, long, 10}], none, <<"test">>).'
