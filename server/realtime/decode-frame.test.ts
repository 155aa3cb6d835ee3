import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeLine, frameLines } from './decode-frame.ts'

test('the first of several commands wins, in the order of the protocol', () => {
  const decoded = decodeLine('{"id":1,"rpc":{},"publish":{"channel":"a:b","data":1},"history":{"channel":"a:b"}}')
  expect(decoded).toMatchObject({ kind: 'command', command: { name: 'publish', id: 1 } })
})

test('unknown fields are ignored, and null stands for absent', () => {
  const decoded = decodeLine('{"id":1,"connect":null,"subscribe":{"channel":"a:b","later":1},"x":{}}')
  expect(decoded).toMatchObject({ kind: 'command', command: { name: 'subscribe', request: { channel: 'a:b' } } })
})

test('an object without id is a pong, whatever it contains, unless it is a send', () => {
  for (const line of ['{}', '{"id":0}', '{"publish":{"channel":"a:b","data":1}}']) {
    expect(decodeLine(line)).toEqual({ kind: 'pong' })
  }
  expect(decodeLine('{"send":{"data":1}}')).toMatchObject({ kind: 'command', command: { name: 'send' } })
})

test('a command that is too large is refused with its id and the limit', () => {
  const data = 'é'.repeat(35_000)
  const decoded = decodeLine(JSON.stringify({ id: 9, publish: { channel: 'a:b', data } }))
  expect(decoded).toEqual({ kind: 'refused', id: 9, name: 'publish', message: expect.stringMatching(/69632 bytes/) })
})

test('only the last newline of a frame is swallowed', () => {
  expect(frameLines('{}\n{}\n')).toEqual(['{}', '{}'])
  expect(frameLines('\n')).toEqual([''])
  expect(frameLines('{}\n\n')).toEqual(['{}', ''])
})

test('no input makes decoding throw', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        id: fc.json(),
        name: fc.constantFrom('connect', 'subscribe', 'publish', 'history', 'rpc', 'send'),
        value: fc.json(),
      })
      .map(({ id, name, value }) => `{"id":${id},"${name}":${value}}`),
  )
  const known = /^(command|pong|refused|violation)$/
  fc.assert(fc.property(anything, (line) => void expect(decodeLine(line).kind).toMatch(known)))
})
