import { expect, test } from 'vitest'
import { amqpSettings } from '#server/config/amqp.ts'
import { createChannelOf, topicMatches } from './channel-of.ts'

function channelOf(settings: object, exchange: string, routingKey: string): string {
  return createChannelOf(amqpSettings.parse(settings))(exchange, routingKey)
}

test('the first dot of a routing key stands for the colon', () => {
  expect(channelOf({}, 'carillon.events', 'commands.box-17')).toBe('commands:box-17')
  expect(channelOf({}, 'carillon.events', 'news.berlin.mitte')).toBe('news:berlin.mitte')
  expect(channelOf({}, 'carillon.events', 'lobby')).toBe('lobby')
})

test('rules come before that, the first that fits holds, and they fit whole keys', () => {
  const settings = {
    channels: [
      { match: 'orders\\.(\\w+)\\.created', channel: 'news:orders-$1' },
      { match: 'orders\\..*', channel: 'news:orders' },
    ],
  }
  expect(channelOf(settings, 'x', 'orders.emea.created')).toBe('news:orders-emea')
  expect(channelOf(settings, 'x', 'orders.emea.paid')).toBe('news:orders')
  expect(channelOf(settings, 'x', 'my.orders.emea')).toBe('my:orders.emea')
})

test('a binding says where messages of its exchange go', () => {
  const settings = {
    bindings: [
      { exchange: 'alarms', channel: 'news:alarms' },
      { exchange: 'shop', routing_key: 'order.#', channel: 'news:orders' },
      { exchange: 'shop', routing_key: '*.failed', channel: 'news:failures' },
      { exchange: 'rest' },
    ],
  }
  expect(channelOf(settings, 'alarms', 'whatever')).toBe('news:alarms')
  expect(channelOf(settings, 'shop', 'order.7.paid')).toBe('news:orders')
  expect(channelOf(settings, 'shop', 'card.failed')).toBe('news:failures')
  expect(channelOf(settings, 'rest', 'news.all')).toBe('news:all')
})

test('topic patterns fit as RabbitMQ fits them', () => {
  const cases = {
    '#': ['', 'a', 'a.b.c'],
    'a.#': ['a', 'a.b', 'a.b.c'],
    '#.c': ['c', 'a.c', 'a.b.c'],
    'a.*': ['a.b', 'a.'],
    'a.#.z': ['a.z', 'a.b.z', 'a.b.c.z'],
    '*': ['a', ''],
  }
  for (const [pattern, keys] of Object.entries(cases)) {
    for (const key of keys) expect(topicMatches(pattern, key), `${pattern} ${key}`).toBe(true)
  }
  for (const [pattern, key] of [
    ['a.#', 'b'],
    ['a.*', 'a'],
    ['a.*', 'a.b.c'],
    ['*', 'a.b'],
    ['a', 'a.b'],
  ] as const) {
    expect(topicMatches(pattern, key), `${pattern} ${key}`).toBe(false)
  }
})
