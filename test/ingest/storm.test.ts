import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { createKey, startServerProcess } from '../support/server-process.ts'
import { publishThrough } from './amqp-service.ts'
import { readHistory } from './read-history.ts'

const total = 10_000
const channels = 4

describeWith(['rabbitmq'], 'while RabbitMQ and the server come and go', () => {
  let rabbitmq: RabbitMqOfTest
  beforeAll(async () => {
    rabbitmq = await startRabbitMq()
  })
  afterAll(() => rabbitmq?.[Symbol.asyncDispose]())

  test('every event arrives exactly once in its channel', { timeout: 150_000 }, async () => {
    const kept = { history_size: total, history_ttl: '1h', force_recovery: true }
    const namespaces = [{ name: 'storm', ...kept, subscribe_roles: ['viewer', 'operator', 'admin'] }]
    await using server = await startServerProcess({
      env: { AMQP_URL: rabbitmq.url, CARILLON_NAMESPACES: JSON.stringify(namespaces), CARILLON_LOG_LEVEL: 'warn' },
    })
    const key = await createKey(server, ['subscribe', 'metrics'])
    const messages = Array.from({ length: total }, (_, number) => ({
      routingKey: `storm.${number % channels}`,
      body: { number },
      messageId: `event-${number}`,
    }))

    let confirmed = 0
    using giveUp = abortedWithTest()
    const publishing = publishThrough(rabbitmq.url, messages, {
      signal: giveUp.signal,
      onConfirmed: (count) => {
        confirmed = count
      },
    })
    const reached = (count: number) => expect.poll(() => confirmed, { timeout: 60_000 }).toBeGreaterThan(count)
    await reached(1500)
    await rabbitmq.stop()
    await rabbitmq.start()
    await reached(4000)
    await server.kill()
    await server.start()
    await reached(6000)
    await rabbitmq.kill()
    await rabbitmq.start()
    await publishing
    expect(confirmed).toBe(total)

    const seen: number[][] = []
    await expect
      .poll(
        async () => {
          for (let channel = 0; channel < channels; channel += 1) {
            const publications = await readHistory(server, key, `storm:${channel}`)
            seen[channel] = publications.map(({ data }) => (data as { number: number }).number)
          }
          return seen.flat().length
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBeGreaterThanOrEqual(total)
    expect(seen.flat().toSorted((a, b) => a - b)).toEqual(messages.map((_, number) => number))
  })
})

function abortedWithTest() {
  const controller = new AbortController()
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() }
}
