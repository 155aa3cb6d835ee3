import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createConsumer } from '#server/amqp/consumer.ts'
import type { Topology } from '#server/amqp/topology.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { consume, declared, messageTo, openRig, publisherOf, publisherReady } from './rig.ts'

describeWith(['rabbitmq'], 'RabbitMQ as the rooms above use it', () => {
  let rabbitmq: RabbitMqOfTest
  beforeAll(async () => {
    rabbitmq = await startRabbitMq()
  })
  afterAll(() => rabbitmq?.[Symbol.asyncDispose]())

  test('what is published is confirmed and consumed, in order', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig, 'ordered')
    const seen = consume(rig, 'ordered')
    const texts = Array.from({ length: 2000 }, (_, index) => String(index))
    await Promise.all(texts.map((text) => publisher.publish(messageTo('ordered', text))))
    await expect.poll(() => seen.length).toBe(2000)
    expect(seen).toEqual(texts)
  })

  test('a message that no queue takes is a failure of that message alone', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig, 'there')
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
    const publisher = await publisherOf(rig, 'there')
    const tooLong = { ...messageTo('there', 'x'), headers: { long: 'x'.repeat(70_000) } }
    await expect(publisher.publish(tooLong)).rejects.toMatchObject({ code: 'invalid' })
    await expect(publisher.publish(messageTo('q'.repeat(300), 'x'))).rejects.toMatchObject({ code: 'invalid' })
    await publisher.publish(messageTo('there', 'x'))
    expect(publisher.waiting()).toBe(0)
  })

  test('what is declared otherwise is said and used, or refused where that is wanted', async () => {
    const rig = await openRig(rabbitmq.url)
    await declared(rig, {
      exchanges: [{ name: 'taken', type: 'direct' }],
      queues: [{ name: 'taken', durable: false, arguments: { 'x-max-priority': 10 } }],
    })
    const wanted: Topology = {
      exchanges: [{ name: 'taken', type: 'topic' }],
      queues: [{ name: 'taken' }, { name: 'free' }],
    }
    await declared(rig, wanted)
    const log = rig.logged.join('')
    expect(log).toContain('The exchange taken is in RabbitMQ already with another type: direct instead of topic.')
    expect(log).toContain('The queue taken is in RabbitMQ already with another durable: false instead of true.')
    // What comes behind it is declared all the same.
    await declared(rig, { queues: [{ name: 'free' }] }, 'fail')
    await expect(declared(rig, wanted, 'fail')).rejects.toMatchObject({ code: 'conflict' })
    await expect(
      declared(rig, { queues: [{ name: 'free', arguments: { 'x-max-priority': 10 } }] }, 'fail'),
    ).rejects.toMatchObject({ message: expect.stringContaining('with another x-max-priority: none instead of 10') })
    await expect(
      declared(rig, { bindings: [{ queue: 'free', exchange: 'missing', routingKey: '#' }] }),
    ).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('is not in RabbitMQ') })
  })

  test('while memory or disk has run out, publishing fails at once, nothing grows, and consuming goes on', async () => {
    const rig = await openRig(rabbitmq.url)
    const seen = consume(rig, 'alarm')
    const publisher = await publisherOf(rig, 'alarm', { timeoutMs: 1_000 })
    onTestFinished(async () => {
      await rabbitmq.ctl('set_vm_memory_high_watermark', '0.4')
    })
    await rabbitmq.ctl('set_vm_memory_high_watermark', '0')
    // RabbitMQ says so to whoever publishes first, and takes that message when it can again.
    await expect(publisher.publish(messageTo('alarm', 'first'))).rejects.toMatchObject({ code: 'silent' })
    expect(rig.amqp.publishing.blocked()).toContain('memory')
    expect(publisher.isUp()).toBe(false)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5000 }, () => publisher.publish(messageTo('alarm', 'more'))),
    )
    expect(new Set(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code))).toEqual(
      new Set(['blocked']),
    )
    expect(publisher.waiting()).toBe(0)
    expect(rig.logged.join('')).toContain('RabbitMQ takes nothing any more')

    await rabbitmq.ctl('set_vm_memory_high_watermark', '0.4')
    await expect.poll(() => publisher.isUp()).toBe(true)
    await publisher.publish(messageTo('alarm', 'last'))
    await expect.poll(() => seen).toEqual(['first', 'last'])
  })

  test('a RabbitMQ that answers nothing is waited for no longer than was said', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig, 'hung', { timeoutMs: 500, maxWaiting: 3, window: 2 })
    rabbitmq.pause()
    try {
      const waiting = [1, 2, 3].map((number) => publisher.publish(messageTo('hung', String(number))))
      await expect(publisher.publish(messageTo('hung', 'too many'))).rejects.toMatchObject({ code: 'full' })
      const codes = (await Promise.allSettled(waiting)).map((each) => each.status === 'rejected' && each.reason.code)
      // The third was never sent.
      expect(codes).toEqual(['silent', 'silent', 'away'])
    } finally {
      rabbitmq.resume()
    }
    await publisher.publish(messageTo('hung', 'again'))
  })

  test('after a kill everything is declared and consumed again, and what was on its way is known to be unknown', async () => {
    const rig = await openRig(rabbitmq.url)
    const seen = consume(rig, 'killed')
    const publisher = await publisherOf(rig, 'killed')
    const outcomes = Array.from({ length: 300 }, (_, number) =>
      publisher.publish(messageTo('killed', String(number))).then(
        () => 'confirmed',
        (error) => error.code,
      ),
    )
    await rabbitmq.kill()
    const settled = await Promise.all(outcomes)
    await expect(publisher.publish(messageTo('killed', 'x'))).rejects.toMatchObject({ code: 'away' })
    expect(settled.filter((outcome) => outcome !== 'confirmed' && outcome !== 'silent')).toEqual([])

    await rabbitmq.start()
    await expect.poll(() => publisher.isUp()).toBe(true)
    await publisher.publish(messageTo('killed', 'last'))
    await expect.poll(() => seen.at(-1)).toBe('last')
    const confirmed = settled.flatMap((outcome, number) => (outcome === 'confirmed' ? [String(number)] : []))
    expect(confirmed.filter((text) => !seen.includes(text))).toEqual([])
  })

  test('a callback that fails gives its message back, and answers of an old channel harm nobody', async () => {
    const rig = await openRig(rabbitmq.url)
    const publisher = await publisherOf(rig, 'failing')
    const seen: string[] = []
    const held: (() => void)[] = []
    const consumer = createConsumer({
      connection: rig.amqp.consuming,
      queues: ['failing'],
      prefetch: 10,
      onMessage({ content, redelivered, ack }) {
        seen.push(`${content} ${redelivered}`)
        if (!redelivered) throw new Error('on purpose')
        held.push(ack)
      },
      log: rig.log,
    })
    onTestFinished(() => consumer[Symbol.asyncDispose]())
    await publisher.publish(messageTo('failing', 'a'))
    await expect.poll(() => seen).toEqual(['a false', 'a true'])
    await rabbitmq.stop()
    for (const ack of held) ack()
    await rabbitmq.start()
    await expect.poll(() => seen).toEqual(['a false', 'a true', 'a true'])
    for (const ack of held) ack()
    await consumer.pause()
    await publisherReady(publisher)
    await publisher.publish(messageTo('failing', 'b'))
    await consumer.resume()
    await expect.poll(() => seen.slice(3)).toEqual(['b false', 'b true'])
  })
})
