import { expect, test } from 'vitest'
import { encodings } from './encodings.ts'
import { textFrame } from './text-frame.ts'

const push = '{"push":{"channel":"a:b","pub":{"data":"ü 🧀"}}}'
const long = `{"id":1,"rpc":{"data":"${'x'.repeat(200)}"}}`
const longest = `{"id":2,"rpc":{"data":"${'y'.repeat(70_000)}"}}`
const joined = Buffer.concat([textFrame(push), textFrame('{}'), textFrame(long), textFrame(longest)])

test('lines are ASCII, so that no decoder can split a character', () => {
  const lines = encodings.http_stream(joined).toString('latin1').split('\n')
  expect(lines.slice(1)).toEqual(['{}', long, longest, ''])
  expect(lines[0]).toMatch(/^[ -~]+$/)
  expect(JSON.parse(lines[0] ?? '')).toEqual(JSON.parse(push))
})

test('each message is an event', () => {
  expect(encodings.sse(joined).toString()).toBe(`data: ${push}\n\ndata: {}\n\ndata: ${long}\n\ndata: ${longest}\n\n`)
})

test('unidirectional clients get what is in the push', () => {
  const bare = '{"channel":"a:b","pub":{"data":"ü 🧀"}}'
  const frames = Buffer.concat([textFrame(push), textFrame('{}')])
  expect(encodings.uni_http_stream(frames).toString()).toBe(`${bare}\n{}\n`)
  expect(encodings.uni_sse(frames).toString()).toBe(`data: ${bare}\n\ndata: {}\n\n`)
  expect(encodings.uni_websocket(frames)).toEqual(Buffer.concat([textFrame(bare), textFrame('{}')]))
})

test('what many clients share is encoded once', () => {
  const frame = textFrame(push)
  expect(encodings.sse(frame)).toBe(encodings.sse(frame))
  expect(encodings.sse(frame)).not.toBe(encodings.http_stream(frame))
})
