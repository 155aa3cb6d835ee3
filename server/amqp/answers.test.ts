import type { Channel, ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { createAnswers } from './answers.ts'

/** With messages of these numbers delivered; what is sent as amqplib would be asked to. */
function answering(count: number) {
  const sent: string[] = []
  const tagOf = ({ fields }: ConsumeMessage) => fields.deliveryTag
  const channel = {
    ack: (message: ConsumeMessage, upTo = false) => sent.push(`ack ${upTo ? 'to ' : ''}${tagOf(message)}`),
    nack: (message: ConsumeMessage, _: boolean, requeue: boolean) => sent.push(`nack ${tagOf(message)} ${requeue}`),
  }
  const answers = createAnswers(channel as unknown as Channel)
  const messages = Array.from({ length: count }, (_, at) => ({ fields: { deliveryTag: at + 1 } }) as ConsumeMessage)
  for (const message of messages) answers.delivered(message)
  const get = (tag: number) => messages[tag - 1] as ConsumeMessage
  return {
    answers,
    sent,
    async ack(...tags: number[]) {
      for (const tag of tags) answers.ack(get(tag))
      await new Promise(process.nextTick)
      return sent.splice(0)
    },
    reject: (tag: number) => answers.reject(get(tag), { requeue: true }),
  }
}

test('messages that are done together are acknowledged up to the last before one that is not', async () => {
  const { ack } = answering(8)
  expect(await ack(3, 1, 2)).toEqual(['ack to 3'])
  expect(await ack(5, 7)).toEqual(['ack 5', 'ack 7'])
  // What was answered by itself does not stand between.
  expect(await ack(4)).toEqual(['ack to 4'])
  expect(await ack(6, 8)).toEqual(['ack to 8'])
})

test('what was given back is not acknowledged with others', async () => {
  const { ack, reject, sent } = answering(3)
  reject(1)
  expect(sent.splice(0)).toEqual(['nack 1 true'])
  expect(await ack(3, 2)).toEqual(['ack to 3'])
})

test('what waits to be told is told at once when it has to be', () => {
  const { answers, sent, ack } = answering(2)
  void ack(1)
  expect(sent).toEqual([])
  answers.flush()
  expect(sent).toEqual(['ack to 1'])
})

test('an answer on a channel that has ended is to nobody', () => {
  const ended = () => {
    throw new Error('channel closed')
  }
  const answers = createAnswers({ ack: ended, nack: ended } as unknown as Channel)
  const message = { fields: { deliveryTag: 1 } } as ConsumeMessage
  answers.delivered(message)
  answers.ack(message)
  expect(answers.flush).not.toThrow()
  expect(() => answers.reject(message, { requeue: true })).not.toThrow()
})
