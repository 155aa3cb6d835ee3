import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { collect, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { type AmqpService, openService } from './amqp-service.ts'
import { readHistory } from './read-history.ts'

describeWith(['rabbitmq', 'celery'], 'events from RabbitMQ', () => {
  let rabbitmq: RabbitMqOfTest
  let server: ServerProcess
  let service: AmqpService
  let key: string
  beforeAll(async () => {
    rabbitmq = await startRabbitMq()
    service = await openService(rabbitmq.url)
    await service.channel.assertExchange('shop', 'fanout')
    const amqp = {
      bindings: [{ exchange: 'shop', channel: 'news:shop' }, { exchange: 'missing' }],
      channels: [{ match: 'orders\\.(\\w+)\\..*', channel: 'news:orders-$1' }],
      outward: { namespaces: ['news'], presence: true, tasks: true },
    }
    server = await startServerProcess({ env: { AMQP_URL: rabbitmq.url, CARILLON_AMQP: JSON.stringify(amqp) } })
    key = await createKey(server, ['publish', 'subscribe', 'metrics'])
  })
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await rabbitmq?.[Symbol.asyncDispose]()
  })

  const ready = async () => (await server.api('GET', '/health/ready')).body
  const history = (channel: string) => readHistory(server, key, channel)
  const dead = async () => {
    await expect.poll(() => service.count('carillon.ingest.dead')).toBeGreaterThan(0)
    const message = await service.get('carillon.ingest.dead')
    if (message === null) throw new Error('no dead letter')
    return message
  }
  const metric = async (line: string) => {
    const { body } = await server.api('GET', '/metrics', { headers: { 'x-api-key': key } })
    return Number(new RegExp(`^${line.replaceAll(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(String(body))?.[1] ?? 0)
  }

  test('come as soon as the probe says that RabbitMQ is there', async () => {
    await expect.poll(ready).toEqual({ status: 'ok', rabbitmq: 'up' })
    expect(await metric('carillon_rabbitmq_up')).toBe(1)
  })

  test('reach a subscriber within the turn of the broker, with headers as tags', async () => {
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
    sdk.client.connect()
    const { subscription, received } = await collect(sdk.client, 'commands:box-17')
    const tags: unknown[] = []
    subscription.on('publication', (context) => void tags.push(context.tags))
    await service.publish(
      'commands.box-17',
      { command: 'ring' },
      { headers: { city: 'Berlin', floor: 300, loud: true } },
    )
    await expect.poll(() => received).toEqual([{ command: 'ring' }])
    expect(tags).toEqual([{ city: 'Berlin', floor: '300', loud: 'true' }])
  })

  test('go where rules and bindings say', async () => {
    await service.publish('orders.emea.created', { order: 1 })
    await service.publish('', { order: 2 }, { exchange: 'shop' })
    await expect.poll(async () => (await history('news:orders-emea')).map(({ data }) => data)).toEqual([{ order: 1 }])
    await expect.poll(async () => (await history('news:shop')).map(({ data }) => data)).toEqual([{ order: 2 }])
  })

  test('an exchange that is missing is said, and the rest works', async () => {
    await expect.poll(server.output).toContain('The binding of carillon.ingest to missing with # is not in RabbitMQ')
  })

  test('with the same message_id are published once', async () => {
    for (const attempt of [1, 2, 3]) await service.publish('news.once', { attempt }, { messageId: 'ord-7' })
    await service.publish('news.once', 'last', { messageId: 'ord-8' })
    await expect
      .poll(async () => (await history('news:once')).map(({ data }) => data))
      .toEqual([{ attempt: 1 }, 'last'])
    await expect.poll(() => metric('carillon_ingested_total{outcome="duplicate"}')).toBe(2)
  })

  test('keep their order in a channel', async () => {
    const numbers = Array.from({ length: 800 }, (_, index) => index)
    await Promise.all(numbers.map((number) => service.publish('news.ordered', number)))
    await expect.poll(async () => (await history('news:ordered')).length).toBe(800)
    expect((await history('news:ordered')).map(({ data }) => data)).toEqual(numbers)
  })

  test.each([
    ['not_json', 'news.x', Buffer.from('{"a":'), {}],
    ['not_json', 'news.x', Buffer.from([0xff, 0xfe]), {}],
    ['content_type', 'news.x', {}, { contentType: 'application/x-python-serialize' }],
    ['content_encoding', 'news.x', {}, { contentEncoding: 'gzip' }],
    ['unknown_channel', 'nowhere.x', {}, {}],
    ['unknown_channel', 'no-dots', {}, {}],
    ['invalid', 'news.with space', {}, {}],
    ['too_large', 'news.big', 'x'.repeat(70_000), {}],
    ['too_large', 'news.huge', 'x'.repeat(3_000_000), {}],
  ] as const)(
    'that cannot be published (%s) are put aside with the reason',
    async (reason, routingKey, body, options) => {
      const before = await metric(`carillon_ingest_dead_total{reason="${reason}"}`)
      await service.publish(routingKey, body, { ...options, messageId: 'm-1', headers: { mine: 300 } })
      const { fields, properties, content } = await dead()
      expect(fields.routingKey).toBe(routingKey)
      expect(properties.messageId).toBe('m-1')
      expect(properties.headers).toMatchObject({
        'x-carillon-reason': reason,
        'x-carillon-detail': expect.stringMatching(/\.( .*)?$/),
        'x-carillon-exchange': 'carillon.events',
        mine: 300,
      })
      const sent = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
      expect(content.equals(sent.subarray(0, 1024 * 1024))).toBe(true)
      expect(properties.headers?.['x-carillon-cut']).toBe(sent.length > 1024 * 1024 ? sent.length : undefined)
      await expect.poll(() => metric(`carillon_ingest_dead_total{reason="${reason}"}`)).toBe(before + 1)
    },
  )

  test('from Python, with headers that no Node library reads, come all the same', async () => {
    // kombu writes milliseconds with a type of its own.
    const program = `
import sys
from kombu import Connection, Exchange
with Connection(sys.argv[1]) as connection:
    producer = connection.Producer()
    producer.publish({'from': 'Python', 'snow': '☃'}, exchange=Exchange('carillon.events', 'topic', durable=True),
                     routing_key='news.python', serializer='json', message_id='py-1',
                     headers={'ms': 1700000000000, 'city': 'Köln', 'nested': {'ms': [2**40, -5]}})`
    await using python = startChild('/usr/bin/python3', ['-c', program, rabbitmq.url])
    expect(await python.exited, python.output()).toBe(0)
    await expect
      .poll(() => history('news:python'))
      .toMatchObject([{ data: { from: 'Python', snow: '☃' }, tags: { ms: '1700000000000', city: 'Köln' } }])
  })

  test('are published as the documentation shows', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/events-from-rabbitmq.md'), 'utf8')
    const example = [...page.matchAll(/```python\n(.*?)```/gs)].find(([, code]) => code?.includes('kombu'))?.[1] ?? ''
    const program = example.replace(/amqp:\/\/[^"]+/, rabbitmq.url)
    await using python = startChild('/usr/bin/python3', ['-c', program])
    expect(await python.exited, python.output()).toBe(0)
    await expect
      .poll(() => history('news:general'))
      .toMatchObject([{ data: { title: 'Lunch is ready' }, tags: { floor: '3', city: 'Berlin' } }])
  })

  test('with hostile headers harm nobody', async () => {
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`h${index}`, index * 7]))
    let deep: unknown = 'x'
    for (let level = 0; level < 500; level += 1) deep = [deep]
    for (const headers of [wide, { deep }, { ['n'.repeat(255)]: 'x' }, { big: 'x'.repeat(50_000) }]) {
      await service.publish('news.hostile', 1, { headers })
      await service.publish('nowhere.hostile', 1, { headers })
    }
    await expect.poll(async () => (await history('news:hostile')).length).toBe(4)
    await expect.poll(() => service.count('carillon.ingest.dead')).toBe(4)
    await service.channel.purgeQueue('carillon.ingest.dead')
  })

  test('what is published in a chosen namespace goes out, and does not come back', async () => {
    await service.channel.assertQueue('follower')
    await service.channel.bindQueue('follower', 'carillon.published', '#')
    onTestFinished(() => void service.channel.deleteQueue('follower'))
    await server.api('POST', '/api/publish', {
      headers: { 'x-api-key': key },
      body: { channel: 'news:out', data: { text: 'ding' }, tags: { city: 'Berlin' } },
    })
    await expect.poll(() => service.count('follower')).toBe(1)
    const message = await service.get('follower')
    expect(message?.fields.routingKey).toBe('news.out')
    expect(JSON.parse(String(message?.content))).toEqual({ text: 'ding' })
    expect(message?.properties).toMatchObject({
      contentType: 'application/json',
      deliveryMode: 2,
      headers: { city: 'Berlin', 'x-carillon-channel': 'news:out', 'x-carillon-offset': 1 },
    })
    await service.publish('news.out', 'again', { headers: message?.properties.headers })
    expect((await dead()).properties.headers).toMatchObject({ 'x-carillon-reason': 'loop' })
  })

  test('coming and going of users goes out', async () => {
    await service.channel.assertQueue('presence')
    await service.channel.bindQueue('presence', 'carillon.published', 'presence.*')
    onTestFinished(() => void service.channel.deleteQueue('presence'))
    const { id, token } = await signIn(server, 'eve@example.org', 'viewer')
    using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
    sdk.client.connect()
    await expect.poll(() => service.count('presence')).toBe(1)
    const message = await service.get('presence')
    expect(message?.fields.routingKey).toBe('presence.online')
    expect(JSON.parse(String(message?.content))).toMatchObject({ user: id, device: null, time: expect.any(Number) })
  })

  test('ends of tasks go out', async () => {
    await service.channel.assertQueue('ends')
    await service.channel.bindQueue('ends', 'carillon.published', 'tasks.#')
    onTestFinished(() => void service.channel.deleteQueue('ends'))
    const { token } = await signIn(server, 'tom@example.org', 'operator')
    // The server does it itself; others wait for a worker.
    const body = { name: 'carillon.fleet_report' }
    const submitted = await server.api('POST', '/api/v1/tasks', { headers: bearer(token), body })
    expect(submitted.status).toBe(202)
    await expect.poll(() => service.count('ends'), { timeout: 20_000 }).toBe(1)
    const message = await service.get('ends')
    expect(message?.fields.routingKey).toBe('tasks.succeeded.carillon.fleet_report')
    expect(JSON.parse(String(message?.content))).toMatchObject({
      ...{ task: { state: 'succeeded' }, result: { devices: expect.any(Number) } },
    })
  })

  test('a queue that is deleted is made again', async () => {
    await service.channel.deleteQueue('carillon.ingest')
    await expect
      .poll(() => service.publish('news.again', 1, { mandatory: true }).then(() => history('news:again')))
      .not.toEqual([])
    await expect.poll(server.output).toContain('a queue has been deleted in RabbitMQ; it is made again')
  })

  test('the doctor and the probe say how it stands', async () => {
    const { output } = await server.cli(['doctor'])
    expect(output).toMatch(/✓ RabbitMQ: version 3\.\S+ at amqp:\/\/127\.0\.0\.1:\d+\/; 0 events wait for 1 nodes/)
    const elsewhere = await server.cli(['doctor'], { env: { AMQP_URL: 'amqp://eve:wrong@127.0.0.1:1/' } })
    expect(elsewhere.output).toContain('✗ RabbitMQ: RabbitMQ at amqp://127.0.0.1:1/ does not answer')
    const refused = rabbitmq.url.replace('guest:guest', 'guest:wrong-password')
    const wrong = await server.cli(['doctor'], { env: { AMQP_URL: refused } })
    expect(wrong.output).toContain('does not let Carillon in')
    expect(wrong.output).not.toContain('wrong-password')
  })

  test('are all in RabbitMQ or published when the server has stopped', async () => {
    const numbers = Array.from({ length: 2000 }, (_, number) => number)
    const sent = Promise.all(numbers.map((number) => service.publish('news.stop', number, { messageId: `${number}` })))
    await expect.poll(async () => (await history('news:stop')).length).toBeGreaterThan(0)
    expect(await server.stop()).toBe(0)
    await sent
    await server.start()
    await expect.poll(async () => (await history('news:stop')).length).toBe(1000)
    // The namespace keeps a thousand: the newest, in their order, and no gap.
    await expect.poll(async () => (await history('news:stop')).map(({ data }) => data)).toEqual(numbers.slice(1000))
  })
})
