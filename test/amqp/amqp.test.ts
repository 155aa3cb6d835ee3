import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createConsumer } from '#server/amqp/consumer.ts'
import { createPublisher, type Publisher, type PublisherOptions } from '#server/amqp/publisher.ts'
import { declareTopology, type Topology } from '#server/amqp/topology.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type AmqpRig, openRig } from './rig.ts'

describeWith(['rabbitmq'], 'RabbitMQ as the rooms above use it', () => {
  let rabbitmq: RabbitMqOfTest
  beforeAll(async () => {
    rabbitmq = await startRabbitMq()
  })
  afterAll(() => rabbitmq?.[Symbol.asyncDispose]())

  test('what is published is confirmed and consumed, in order', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig)
    const seen: string[] = []
    const consumer = consume(rig, 'ordered', ({ content, ack }) => {
      seen.push(content.toString())
      ack()
    })
    await expect.poll(() => consumer.isUp()).toBe(true)
    const texts = Array.from({ length: 2000 }, (_, index) => String(index))
    await Promise.all(texts.map((text) => publisher.publish(messageTo('ordered', text))))
    await expect.poll(() => seen.length).toBe(2000)
    expect(seen).toEqual(texts)
  })

  test('a message that no queue takes is a failure of that message alone', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig, { topology: { queues: [{ name: 'there' }] } })
    const outcomes = await Promise.allSettled(
      ['there', 'nowhere', 'there'].map((queue) => publisher.publish(messageTo(queue, 'the same'))),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({
      code: 'unroutable',
      message: expect.stringContaining('There is no queue nowhere'),
    })
  })

  test('what cannot be sent is refused at once, and the channel goes on', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig, { topology: { queues: [{ name: 'there' }] } })
    const tooLong = { ...messageTo('there', 'x'), headers: { long: 'x'.repeat(70_000) } }
    await expect(publisher.publish(tooLong)).rejects.toMatchObject({ code: 'invalid' })
    await expect(publisher.publish(messageTo('q'.repeat(300), 'x'))).rejects.toMatchObject({ code: 'invalid' })
    await publisher.publish(messageTo('there', 'x'))
    expect(publisher.waiting()).toBe(0)
  })
})

function messageTo(queue: string, text: string) {
  return { exchange: '', routingKey: queue, content: Buffer.from(text) }
}

async function publisherOf(
  { amqp, log }: AmqpRig,
  { topology = {}, ...options }: Partial<PublisherOptions> & { topology?: Topology } = {},
): Promise<Publisher> {
  const prepare = (model: Parameters<typeof declareTopology>[0]) => declareTopology(model, topology, { log })
  const publisher = createPublisher({ connection: amqp.publishing, log, prepare, ...options })
  onTestFinished(() => publisher[Symbol.asyncDispose]())
  await expect.poll(() => publisher.isUp()).toBe(true)
  return publisher
}

function consume({ amqp, log }: AmqpRig, queue: string, onMessage: Parameters<typeof createConsumer>[0]['onMessage']) {
  const consumer = createConsumer({
    connection: amqp.consuming,
    queues: [queue],
    prefetch: 100,
    prepare: (model) => declareTopology(model, { queues: [{ name: queue }] }, { log }),
    onMessage,
    log,
  })
  onTestFinished(() => consumer[Symbol.asyncDispose]())
  return consumer
}
