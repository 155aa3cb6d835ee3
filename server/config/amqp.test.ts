import { expect, test } from 'vitest'
import { amqpSettings, amqpUrl, describeAmqp } from './amqp.ts'

test.each([
  ['amqp://localhost', { tls: false, host: 'localhost', port: 5672, username: 'guest', password: 'guest', vhost: '/' }],
  [
    'amqps://ada:s%40crt@mq.example.org:1234/one%2Ftwo',
    { tls: true, host: 'mq.example.org', port: 1234, vhost: 'one/two' },
  ],
])('%s is understood', (text, target) => {
  expect(amqpUrl.parse(text)).toMatchObject(target)
})

test.each(['', 'redis://localhost', 'amqp://', 'amqp://host:notaport', 'amqp://host/%zz', 'amqp://host/?heartbeat=1'])(
  '%j is refused with a sentence that quotes nothing of it',
  (text) => {
    const { error } = amqpUrl.safeParse(text)
    expect(error?.issues[0]?.message).toBe(
      'This is no address of a RabbitMQ. Write amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS.',
    )
  },
)

test('people are told of it without its password', () => {
  expect(describeAmqp(amqpUrl.parse('amqp://ada:secret@mq.example.org/one'))).toBe('amqp://mq.example.org:5672/one')
})

test('a rule that is no regular expression is refused before the server starts', () => {
  const parsed = amqpSettings.safeParse({ channels: [{ match: '(', channel: 'news:all' }] })
  expect(parsed.error?.issues).toMatchObject([{ path: ['channels', 0, 'match'] }])
})

test('what goes out does not come in again', () => {
  for (const settings of [
    { exchange: 'both', outward: { exchange: 'both' } },
    { bindings: [{ exchange: 'carillon.published' }] },
  ]) {
    expect(amqpSettings.safeParse(settings).error?.issues).toMatchObject([{ path: ['outward', 'exchange'] }])
  }
})
