import { describe, expect, test } from 'vitest'
import type { Delivery } from '#server/amqp/delivery.ts'
import { readEvent } from './read-event.ts'

interface Given {
  readonly content?: string | Buffer
  readonly headers?: Record<string, unknown>
  readonly contentType?: unknown
  readonly contentEncoding?: unknown
  readonly messageId?: unknown
  readonly unreadable?: string
}

function read({ content = '{"text":"ding"}', headers = {}, unreadable, ...properties }: Given = {}) {
  const delivery = {
    exchange: 'carillon.events',
    routingKey: 'news.general',
    content: Buffer.from(content as string),
    headers,
    properties,
    unreadable: unreadable ?? null,
  } as unknown as Delivery
  return readEvent(delivery, (_exchange, routingKey) => routingKey.replace('.', ':'))
}

test('a message becomes a publication: body, headers and message_id', () => {
  const headers = { city: 'Berlin', floor: 3, loud: true }
  expect(read({ headers, messageId: 'ord-1', contentType: 'application/json; charset=UTF-8' })).toEqual({
    ok: true,
    call: {
      channel: 'news:general',
      data: { text: 'ding' },
      tags: { city: 'Berlin', floor: '3', loud: 'true' },
      idempotencyKey: 'ord-1',
      source: 'amqp',
    },
  })
})

describe('headers', () => {
  test('become tags when they are short texts, numbers or truth values, and no more than 64', () => {
    const headers = {
      ...{ list: [1], table: { a: 1 }, none: null, bytes: Buffer.from('x'), at: { '!': 'timestamp', value: 1 } },
      ...{ long: 'x'.repeat(257), ['n'.repeat(65)]: 'x', '': 'x', 'x-death': 'x', 'X-Delivery-Count': 2, CC: 'x' },
      kept: 'x'.repeat(256),
    }
    expect(read({ headers })).toMatchObject({ call: { tags: { kept: 'x'.repeat(256) } } })
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`h${index}`, index]))
    const event = read({ headers: many })
    expect(event.ok && Object.keys(event.call.tags ?? {}).length).toBe(64)
  })

  test('of nothing but other kinds become no tags at all', () => {
    const event = read({ headers: { list: [] } })
    expect(event.ok && 'tags' in event.call).toBe(false)
  })

  test('named as what every object has are only headers', () => {
    const headers = JSON.parse('{"__proto__": "x", "constructor": "y"}')
    const event = read({ headers })
    expect(event.ok && Object.entries(event.call.tags ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })
})

test('a long message_id is shortened, always to the same key', () => {
  const [one, two] = [read({ messageId: 'x'.repeat(255) }), read({ messageId: 'x'.repeat(255) })]
  expect(one).toEqual(two)
  expect(one).toMatchObject({ call: { idempotencyKey: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) } })
  expect(read({ messageId: '' }).ok && 'idempotencyKey' in (read({ messageId: '' }) as { call: object }).call).toBe(
    false,
  )
})

describe('what never becomes a publication says why', () => {
  test.each([
    ['content_type', { contentType: 'application/x-python-serialize' }],
    ['content_type', { contentType: 'application/json; charset=latin1' }],
    ['content_type', { contentType: 7 }],
    ['content_encoding', { contentEncoding: 'gzip' }],
    ['not_json', { content: '{"a": ' }],
    ['not_json', { content: '' }],
    ['not_json', { content: '{"a": NaN}' }],
    ['not_json', { content: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }],
    ['too_large', { content: `"${'x'.repeat(300_000)}"` }],
    ['invalid', { content: `${'['.repeat(200)}${']'.repeat(200)}` }],
    ['loop', { headers: { 'x-carillon-channel': 'news:general' } }],
    ['unreadable_headers', { unreadable: 'Unexpected type tag "Z"' }],
  ] as const)('%s', (reason, given) => {
    expect(read(given as Given)).toMatchObject({ ok: false, reason, detail: expect.stringMatching(/^It.*\.$/) })
  })
})

test.each([undefined, '', 'application/json', 'text/json', 'application/cloudevents+json'])(
  'content type %s is JSON',
  (contentType) => {
    expect(read({ contentType })).toMatchObject({ ok: true })
  },
)
