import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Frame } from './body.ts'
import { decodeTask } from './decode-task.ts'
import { encodeTask, taskMessage } from './encode-task.ts'

/** As Celery 5.2.6 sends `add.apply_async((1, 2), countdown=10, expires=60)`. */
const headers = {
  lang: 'py',
  task: 'add',
  id: '11111111-1111-4111-8111-111111111111',
  shadow: null,
  eta: '2026-01-02T03:04:15.678901+00:00',
  expires: '2026-01-02T03:05:05.678901+00:00',
  group: null,
  group_index: null,
  retries: 0,
  timelimit: [300, 240],
  root_id: '11111111-1111-4111-8111-111111111111',
  parent_id: null,
  argsrepr: '(1, 2)',
  kwargsrepr: '{}',
  origin: 'gen30612@vm',
  ignore_result: false,
}
const noMore = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}'

function frame({
  body = `[[1, 2], {}, ${noMore}]`,
  headers: sent = headers,
  ...given
}: {
  body?: string | Buffer
  headers?: Record<string, unknown>
  contentType?: string
  contentEncoding?: string
}): Frame {
  return {
    content: Buffer.from(body as string),
    headers: sent,
    properties: { contentType: 'application/json', contentEncoding: 'utf-8', replyTo: 'replies', ...given },
  }
}

describe('a task that Python sent', () => {
  test('is read with its times, limits and arguments', () => {
    expect(decodeTask(frame({}))).toMatchObject({
      kind: 'task',
      task: {
        id: headers.id,
        name: 'add',
        args: [1, 2],
        kwargs: {},
        eta: Date.parse('2026-01-02T03:04:15.678Z'),
        expires: Date.parse('2026-01-02T03:05:05.678Z'),
        timeLimit: { hard: 300, soft: 240 },
        replyTo: 'replies',
        ignoreResult: false,
        carried: {},
      },
    })
  })

  test.each([
    ['2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.5+05:30', '2026-01-01T21:34:05.500Z'],
    ['2026-01-02 03:04:05.678901-0100', '2026-01-02T04:04:05.678Z'],
  ])('has %s for a time', (eta, instant) => {
    expect(decodeTask(frame({ headers: { ...headers, eta } }))).toMatchObject({ task: { eta: Date.parse(instant) } })
  })

  test('may be compressed with zlib', () => {
    const content = Buffer.from(
      'eJyLjjbUUTCK1VGorgVipeTEnJykxOTsYiUrhbzSnBwdBaXUoiI0keSMxMw8ZG5+UQqUWxsLAAnRGfA=',
      'base64',
    )
    const compressed = frame({ body: content, headers: { ...headers, compression: 'application/x-gzip' } })
    expect(decodeTask(compressed)).toMatchObject({ kind: 'task', task: { args: [1, 2] } })
  })

  test('may be of the first protocol', () => {
    const body = JSON.stringify({
      ...{ task: 'add', id: '22', args: [1, 2], kwargs: {}, group: null, group_index: null, retries: 3 },
      ...{ eta: '2026-11-22T15:42:46.806819+00:00', expires: null, utc: true, callbacks: null, errbacks: null },
      ...{ timelimit: [null, null], taskset: null, chord: null },
    })
    expect(decodeTask(frame({ body, headers: {} }))).toMatchObject({
      kind: 'task',
      task: { id: '22', name: 'add', args: [1, 2], retries: 3, rootId: '22', replyTo: 'replies' },
    })
  })

  test('needs no more than its name and id', () => {
    const bare = { task: 'add', id: 'x' }
    expect(decodeTask(frame({ headers: bare, body: '[[], {}, null]' }))).toMatchObject({
      kind: 'task',
      task: { id: 'x' },
    })
    expect(decodeTask(frame({ headers: bare, body: '[[], {}, {}]' }))).toMatchObject({ kind: 'task' })
  })

  test('is sent again with what its sender added, without what RabbitMQ noted', () => {
    const stamped = { ...headers, stamps: { by: ['me'] }, tenant: 7, 'x-death': [{ count: 1 }], 'x-delivery-count': 2 }
    const decoded = decodeTask(frame({ headers: stamped }))
    if (decoded.kind !== 'task') throw new Error('refused')
    const again = encodeTask({ ...decoded.task, retries: 1 }).headers
    expect(again).toEqual({
      ...headers,
      lang: 'js',
      retries: 1,
      eta: '2026-01-02T03:04:15.678000+00:00',
      expires: '2026-01-02T03:05:05.678000+00:00',
      stamps: { by: ['me'] },
      tenant: 7,
    })
  })
})

describe('a message that is not run', () => {
  test.each([
    ['pickle', { contentType: 'application/x-python-serialize' }, /content type is application\/x-python-serialize/],
    ['NaN', { body: `[[NaN], {}, ${noMore}]` }, /not valid JSON/],
    ['half of JSON', { body: '[[1' }, /not valid JSON/],
    ['bytes that are no UTF-8', { body: Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]) }, /not valid JSON/],
    ['another encoding', { contentEncoding: 'utf-16' }, /encoding is utf-16/],
    ['bzip2', { headers: { ...headers, compression: 'application/x-bz2' } }, /compressed as application\/x-bz2/],
    ['a broken stream', { headers: { ...headers, compression: 'application/x-gzip' } }, /not a zlib stream/],
    ['another shape', { body: '{"args": []}' }, /not a list of args, kwargs and embed/],
    ['brackets without end', { body: '['.repeat(100_000) }, /nested more than 200/],
    ['a header of another type', { headers: { ...headers, retries: 'often' } }, /retries/],
  ])('%s: its sender can be told', (_, given, message) => {
    expect(decodeTask(frame(given))).toEqual({
      kind: 'refused',
      refusal: {
        code: 'undecodable',
        message: expect.stringMatching(message),
        id: headers.id,
        name: 'add',
        replyTo: 'replies',
        ignoreResult: false,
      },
    })
  })

  test('one that unpacks to more than 16 MiB is not unpacked', () => {
    const body = deflateSync(Buffer.alloc(17 * 1024 * 1024, ' '))
    const bomb = frame({ body, headers: { ...headers, compression: 'application/x-gzip' } })
    expect(decodeTask(bomb)).toMatchObject({
      refusal: { message: expect.stringMatching(/longer than 16777216 bytes/) },
    })
  })

  test('one whose time is none', () => {
    const late = frame({ headers: { ...headers, eta: 'tomorrow' } })
    expect(decodeTask(late)).toMatchObject({ refusal: { code: 'bad_time', id: headers.id } })
  })

  test('one that names no task', () => {
    expect(decodeTask(frame({ headers: {}, body: '{"hello": 1}' }))).toMatchObject({
      kind: 'refused',
      refusal: { code: 'not_a_task', id: null },
    })
  })
})

test('integers keep their type on the way: 128 to 32767 are no special case here', () => {
  const { headers: written } = encodeTask(
    taskMessage({ id: 'x', name: 'add', timeLimit: { hard: 300, soft: 240 }, retries: 200, carried: { deep: [1000] } }),
  )
  expect(written).toMatchObject({ timelimit: [300, 240], retries: 200, deep: [1000] })
})

test('what expires is dropped by RabbitMQ at that time', () => {
  const task = taskMessage({ id: 'x', name: 'add', expires: 5_000 })
  expect(encodeTask(task, 3_500).expirationMs).toBe(1500)
  expect(encodeTask(task, 9_000).expirationMs).toBe(0)
})

test('a task survives being written and read', () => {
  const task = fc.record({
    id: fc.uuid(),
    name: fc.stringMatching(/^[\w.]{1,40}$/),
    args: fc.array(fc.jsonValue({ maxDepth: 4 })),
    kwargs: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.jsonValue({ maxDepth: 4 }),
    ),
    retries: fc.nat(1_000_000),
    eta: fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 })),
  })
  fc.assert(
    fc.property(task, (given) => {
      const sent = taskMessage(given as Parameters<typeof taskMessage>[0])
      const { content, headers: written = {}, ...properties } = encodeTask(sent)
      const decoded = decodeTask({ content, headers: written, properties })
      // Negative zero does not survive JSON.
      expect(decoded).toMatchObject({ kind: 'task', task: JSON.parse(JSON.stringify(given)) })
    }),
  )
})

test('no message makes decoding throw', () => {
  const field = fc.constantFrom('task', 'id', 'eta', 'expires', 'retries', 'timelimit', 'compression', 'ignore_result')
  const anything = fc.record({
    content: fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from), fc.string().map(Buffer.from)),
    headers: fc.dictionary(fc.oneof(field, fc.string()), fc.anything()),
    contentType: fc.constantFrom('application/json', undefined, 'text/plain'),
  })
  fc.assert(
    fc.property(anything, ({ content, headers: sent, ...properties }) => {
      expect(decodeTask({ content: Buffer.from(content), headers: sent, properties }).kind).toMatch(/^(task|refused)$/)
    }),
  )
})
