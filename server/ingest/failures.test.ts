import { expect, test } from 'vitest'
import type { Delivery } from '#server/amqp/delivery.ts'
import { createFailures } from './failures.ts'

function delivery(messageId: string | undefined, text = ''): Delivery {
  const parts = { exchange: 'e', routingKey: 'news.x', properties: { messageId }, content: Buffer.from(text) }
  return parts as unknown as Delivery
}

test('a message is hopeless after ten failures, by its id or else by what it holds', () => {
  const failures = createFailures()
  for (let time = 0; time < 9; time += 1) {
    failures.note(delivery('a'))
    failures.note(delivery(undefined, 'text'))
  }
  expect(failures.isHopeless(delivery('a'))).toBe(false)
  failures.note(delivery('a'))
  failures.note(delivery(undefined, 'text'))
  expect(failures.isHopeless(delivery('a', 'changed'))).toBe(true)
  expect(failures.isHopeless(delivery(undefined, 'text'))).toBe(true)
  expect(failures.isHopeless(delivery(undefined, 'another'))).toBe(false)
  expect(failures.isHopeless(delivery('b'))).toBe(false)
})

test('what failed long ago is forgotten', () => {
  const failures = createFailures()
  for (let time = 0; time < 10; time += 1) failures.note(delivery('old'))
  for (let number = 0; number < 10_000; number += 1) failures.note(delivery(`new-${number}`))
  expect(failures.isHopeless(delivery('old'))).toBe(false)
})
