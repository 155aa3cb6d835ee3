import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeError, encodeError, messageOf, stored } from './exceptions.ts'
import { argsRepr, pythonRepr } from './python-repr.ts'
import { decodeResult, encodeResult, groupKey, resultKey } from './result-document.ts'
import { taskStateOf } from './states.ts'
import { hasForeignTag, withoutTags } from './tagged.ts'

const id = '11111111-1111-4111-8111-111111111111'

test('a result is read as it was written', () => {
  const written = encodeResult({
    ...{ id, status: 'SUCCESS', result: '{"sum":3}', traceback: null, group: 'g', parentId: 'p' },
    children: [[['child', null], null]],
  })
  expect(decodeResult(Buffer.from(written))).toMatchObject({
    ...{ id, status: 'SUCCESS', result: { sum: 3 }, traceback: null, group: 'g', parentId: 'p', children: ['child'] },
    doneAt: expect.any(Number),
  })
})

test('results of Celery 5.2 have naive times, and newer ones an offset', () => {
  const document = { status: 'SUCCESS', result: 1, traceback: null, children: [], task_id: id, later: 'unknown' }
  for (const date_done of ['2026-01-02T03:04:05.678901', '2026-01-02T03:04:05.678901+00:00']) {
    const read = decodeResult(Buffer.from(JSON.stringify({ ...document, date_done })))
    expect(read).toMatchObject({ doneAt: Date.parse('2026-01-02T03:04:05.678Z') })
  }
})

test('what is no result is none', () => {
  for (const text of ['', '[]', '{"status":"SUCCESS"}', 'NaN', '['.repeat(10_000)]) {
    expect(decodeResult(Buffer.from(text))).toBeNull()
  }
  fc.assert(fc.property(fc.json(), (text) => void decodeResult(Buffer.from(text))))
})

test('keys have the prefix that Python gives them', () => {
  expect(resultKey('x', '')).toBe('celery-task-meta-x')
  expect(resultKey('x', 'site')).toBe('site_celery-task-meta-x')
  expect(groupKey('g', 'site:', '.j')).toBe('site:celery-taskset-meta-g.j')
})

test('errors are called as Python calls them where it has them', () => {
  expect(encodeError({ type: 'ValueError', args: ['bad ☃', 1] })).toEqual({
    ...{ exc_type: 'ValueError', exc_message: ['bad ☃', 1], exc_module: 'builtins' },
  })
  expect(encodeError({ type: 'RangeError', args: ['x'] })).toMatchObject({ exc_type: 'ValueError' })
  expect(encodeError({ type: 'Printer', args: [] })).toMatchObject({ exc_type: 'Printer', exc_module: 'carillon' })
})

test('nobody can name something else than an exception', () => {
  for (const type of ['system', '__class__.__init__', 'a b', 'x'.repeat(500)]) {
    expect(encodeError({ type, args: [] }).exc_module).toBe('carillon')
  }
  expect(encodeError({ type: 'a.b', args: [] }).exc_type).toBe('Error')
})

test('an exception of Python is read without making a class of it', () => {
  const read = decodeError(
    { exc_type: 'KeyError', exc_message: ['x', { y: 1 }], exc_module: 'builtins' },
    'Traceback …',
  )
  expect(read).toEqual({ type: 'KeyError', module: 'builtins', args: ['x', { y: 1 }], traceback: 'Traceback …' })
  expect(messageOf(read as NonNullable<typeof read>)).toBe('x, {"y":1}')
  expect(decodeError({ exc_type: 'X', exc_message: 'plain text' })).toMatchObject({
    args: ['plain text'],
    module: null,
  })
  expect(decodeError('no exception')).toBeNull()
})

test('states of Celery are one of ours', () => {
  expect(taskStateOf('SUCCESS', 1)).toBe('succeeded')
  expect(taskStateOf('PROGRESS', {})).toBe('running')
  expect(taskStateOf('REVOKED', stored.revoked('expired'))).toBe('expired')
  expect(taskStateOf('REVOKED', stored.revoked('terminated'))).toBe('cancelled')
})

test('marked values become plain JSON', () => {
  const marked = {
    at: { __type__: 'datetime', __value__: '2026-01-02T03:04:05+00:00' },
    id: { __type__: 'uuid', __value__: { hex: '11111111111141118111111111111111', version: 4 } },
    list: [{ __type__: 'decimal', __value__: '1.10' }],
  }
  expect(withoutTags(marked)).toEqual({ at: '2026-01-02T03:04:05+00:00', id, list: ['1.10'] })
})

test('a mark that Python does not know is found before it is sent', () => {
  expect(hasForeignTag('{"__type__":"datetime","__value__":"2026-01-02"}')).toBe(false)
  expect(hasForeignTag('{"a":[{"__type__":"mine","__value__":1}]}')).toBe(true)
  expect(hasForeignTag('{"__type__":"mine","__value__":1,"more":2}')).toBe(false)
})

test('values are shown as Python shows them', () => {
  expect(argsRepr([1, 'ä☃'])).toBe("(1, 'ä☃')")
  expect(argsRepr([1])).toBe('(1,)')
  expect(argsRepr([])).toBe('()')
  expect(pythonRepr({ z: null, f: 1.5, ok: true, s: "it's", l: [] })).toBe(
    `{'z': None, 'f': 1.5, 'ok': True, 's': "it's", 'l': []}`,
  )
  expect(pythonRepr(Array.from({ length: 100_000 }, (_, at) => at)).length).toBeLessThanOrEqual(1024)
})
