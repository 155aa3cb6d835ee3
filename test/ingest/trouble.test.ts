import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { startRedis } from '../support/redis.ts'
import { createKey, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openService } from './amqp-service.ts'
import { readHistory } from './read-history.ts'

describeWith(['rabbitmq', 'redis'], 'trouble with events', () => {
  let rabbitmq: RabbitMqOfTest
  beforeAll(async () => {
    rabbitmq = await startRabbitMq()
  })
  afterAll(() => rabbitmq?.[Symbol.asyncDispose]())

  const start = (env: Record<string, string> = {}) => startServerProcess({ env: { AMQP_URL: rabbitmq.url, ...env } })

  test('without Redis they wait in RabbitMQ, quietly, and arrive once each when it is back', async () => {
    await using redis = await startRedis({ appendOnly: true })
    await using server = await start({ REDIS_URL: redis.url })
    const key = await createKey(server, ['subscribe', 'metrics'])
    await using service = await openService(rabbitmq.url)
    await service.channel.assertExchange('carillon.events', 'topic')
    await expect.poll(() => stateOf(server)).toBe('up')
    await service.publish('news.redis', 0, { messageId: 'r-0' })
    await expect.poll(async () => (await readHistory(server, key, 'news:redis')).length).toBe(1)

    await redis.kill()
    for (let number = 1; number < 100; number += 1) {
      await service.publish('news.redis', number, { messageId: `r-${number}` })
    }
    await expect.poll(() => server.output()).toContain('events wait in RabbitMQ, as they cannot be published now')
    await expect.poll(() => service.count('carillon.ingest')).toBe(99)
    await expect.poll(() => pausesOf(server), { timeout: 20_000 }).toBeGreaterThan(3)
    await redis.start()
    await expect
      .poll(async () => (await readHistory(server, key, 'news:redis')).map(({ data }) => data), { timeout: 30_000 })
      .toEqual(Array.from({ length: 100 }, (_, number) => number))
    // Each attempt comes later than the one before: some within the seconds that this took, and not hundreds.
    expect(pausesOf(server)).toBeLessThan(20)
    expect(await service.count('carillon.ingest.dead')).toBe(0)
  })

  test('while RabbitMQ has run out of memory that is said, and what has to be put aside waits', async () => {
    await using server = await start()
    await using service = await openService(rabbitmq.url)
    const key = await createKey(server, ['publish', 'subscribe'])
    await expect.poll(() => stateOf(server)).toBe('up')
    await service.publish('news.before', 1)
    await service.publish('nowhere.before', 1)
    await rabbitmq.ctl('set_vm_memory_high_watermark', '0')
    await using late = await openService(rabbitmq.url)
    const poison = late.publish('nowhere.alarm', 1)
    poison.catch(() => {}) // cut off with the test, if that fails
    try {
      await expect.poll(async () => (await readHistory(server, key, 'news:before')).length).toBe(1)
      const headers = { 'x-api-key': key }
      const { status } = await server.api('POST', '/api/publish', { headers, body: { channel: 'news:http', data: 1 } })
      expect(status).toBe(200)
    } finally {
      await rabbitmq.ctl('set_vm_memory_high_watermark', '0.4')
    }
    await poison
    await expect.poll(() => service.count('carillon.ingest.dead'), { timeout: 30_000 }).toBe(2)
    await expect.poll(() => service.count('carillon.ingest')).toBe(0)
    await service.channel.purgeQueue('carillon.ingest.dead')
  })

  test('a server starts without RabbitMQ, keeps what goes out within bounds, and joins when it comes', async () => {
    await rabbitmq.stop()
    const amqp = { outward: { namespaces: ['news'], buffer: 5 } }
    await using server = await start({ CARILLON_AMQP: JSON.stringify(amqp) })
    const key = await createKey(server, ['publish', 'metrics'])
    expect(await stateOf(server)).toBe('away')
    const headers = { 'x-api-key': key }
    for (let number = 0; number < 12; number += 1) {
      const body = { channel: 'news:away', data: number }
      expect((await server.api('POST', '/api/publish', { headers, body })).status).toBe(200)
    }
    const metrics = String((await server.api('GET', '/metrics', { headers })).body)
    expect(metrics).toMatch(/^carillon_outward_total\{outcome="dropped"\} 7$/m)
    expect(metrics).toMatch(/^carillon_rabbitmq_up 0$/m)

    await rabbitmq.start()
    await using service = await openService(rabbitmq.url)
    await service.channel.assertExchange('carillon.published', 'topic')
    await service.channel.assertQueue('late')
    await service.channel.bindQueue('late', 'carillon.published', '#')
    await expect.poll(() => stateOf(server), { timeout: 20_000 }).toBe('up')
    const seen: number[] = []
    await service.channel.consume('late', (message) => void seen.push(Number(message?.content)), { noAck: true })
    const body = { channel: 'news:away', data: 12 }
    await server.api('POST', '/api/publish', { headers, body })
    await expect.poll(() => seen.at(-1)).toBe(12)
    // What waited may have gone out before the queue was bound; then in order, and nothing that was dropped.
    expect([7, 8, 9, 10, 11, 12].slice(-seen.length)).toEqual(seen)
    await expect.poll(server.output).toContain('RabbitMQ cannot be reached')
  })

  test('one that always fails is put aside in the end, those behind it are published, and hooks keep their order', async () => {
    const module = join(temporaryFolder(), 'hooks.mjs')
    // The sooner it comes, the later it is decided.
    await writeFile(
      module,
      `export async function beforePublish({ data }) {
        if (data.fails) throw new Error('on purpose')
        await new Promise((resolve) => setTimeout(resolve, 20 - data.number))
      }`,
    )
    await using service = await openService(rabbitmq.url)
    const hooks = JSON.stringify({ modules: [module] })
    await using server = await start({ CARILLON_HOOKS: hooks })
    const key = await createKey(server, ['subscribe'])
    await expect.poll(() => stateOf(server)).toBe('up')
    await service.publish('news.failing', { fails: true }, { messageId: 'bad' })
    const numbers = Array.from({ length: 20 }, (_, number) => number)
    for (const number of numbers) await service.publish('news.hooked', { number }, { messageId: `h-${number}` })
    await expect
      .poll(async () => (await readHistory(server, key, 'news:hooked')).map(({ data }) => data), { timeout: 20_000 })
      .toEqual(numbers.map((number) => ({ number })))
    // It counts only while others do not fail.
    let number = 0
    await expect
      .poll(
        async () => {
          number = (number + 1) % 20
          await service.publish('news.others', { number })
          return service.count('carillon.ingest.dead')
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(1)
    const letter = await service.get('carillon.ingest.dead')
    expect(letter?.properties).toMatchObject({ messageId: 'bad', headers: { 'x-carillon-reason': 'failed' } })
  })

  test('a queue that somebody made otherwise is used as it is', async () => {
    await using service = await openService(rabbitmq.url)
    const amqp = { queue: 'quorum.events', prefetch: 10 }
    await service.channel.assertQueue('quorum.events', { arguments: { 'x-queue-type': 'quorum' } })
    await using server = await start({ CARILLON_AMQP: JSON.stringify(amqp) })
    const key = await createKey(server, ['subscribe'])
    await expect.poll(() => stateOf(server)).toBe('up')
    await service.publish('news.quorum', 1)
    await expect.poll(async () => (await readHistory(server, key, 'news:quorum')).length).toBe(1)
    await expect.poll(server.output).toContain('quorum.events is in RabbitMQ already with another x-queue-type: quorum')
  })

  test('of several processes one takes them, and all publish what goes out', async () => {
    await using service = await openService(rabbitmq.url)
    const amqp = { queue: 'one.of.many', outward: { exchange: 'many.published', namespaces: ['news'] } }
    await using server = await start({ CARILLON_AMQP: JSON.stringify(amqp), CARILLON_PROCESSES: '2' })
    const key = await createKey(server, ['publish', 'subscribe'])
    await expect.poll(() => stateOf(server)).toBe('up')
    // RabbitMQ counts a consumer a little after it has told it so.
    await expect.poll(() => service.consumers('one.of.many')).toBe(1)
    await service.channel.assertExchange('many.published', 'topic')
    await service.channel.assertQueue('many')
    await service.channel.bindQueue('many', 'many.published', '#')
    await service.publish('news.many', 1)
    const headers = { 'x-api-key': key }
    for (let number = 2; number <= 20; number += 1) {
      await server.api('POST', '/api/publish', { headers, body: { channel: 'news:many', data: number } })
    }
    await expect.poll(() => service.count('many')).toBe(20)
    await expect.poll(async () => (await readHistory(server, key, 'news:many')).length).toBe(20)
  })
})

async function stateOf(server: ServerProcess): Promise<unknown> {
  const { body } = await server.api('GET', '/health/ready')
  return (body as { rabbitmq?: string }).rabbitmq
}

function pausesOf(server: ServerProcess): number {
  return server.output().split('events wait in RabbitMQ').length - 1
}
