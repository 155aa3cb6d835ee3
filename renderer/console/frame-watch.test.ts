import { expect, test, vi } from 'vitest'
import type { FramesEvent } from '#protocol/clients.ts'
import { type FrameSource, framesText, watchFrames } from './frame-watch.ts'

function opened() {
  const source = { close: vi.fn(), readyState: 1, onmessage: null, onerror: null } as FrameSource & {
    readyState: number
  }
  const watch = watchFrames(source)
  const send = (event: Partial<FramesEvent>) => {
    const data = JSON.stringify({ clients: 1, dropped: 0, frames: [], endings: [], ...event })
    source.onmessage?.call(source as EventSource, { data } as MessageEvent)
  }
  const fail = (readyState: number) => {
    source.readyState = readyState
    source.onerror?.call(source as EventSource, {} as Event)
  }
  return { source, watch, send, fail }
}

function frame(text: string, second = 0, direction: 'in' | 'out' = 'in') {
  return { client: 'c', time: `2026-11-22T09:00:${String(second).padStart(2, '0')}.000Z`, direction, text }
}

test('the newest is on top, and what was dropped is counted', () => {
  const { watch, send } = opened()
  expect(watch.state().phase).toBe('opening')
  send({ frames: [frame('a'), frame('b')], dropped: 2 })
  send({ frames: [frame('c')], dropped: 1 })
  expect(watch.state().frames.map(({ text }) => text)).toEqual(['c', 'b', 'a'])
  expect(watch.state()).toMatchObject({ phase: 'open', dropped: 3 })
  watch.clear()
  expect(watch.state()).toEqual({ phase: 'open', ending: null, frames: [], dropped: 0 })
})

test('an event that brings nothing changes nothing', () => {
  const { watch, send } = opened()
  send({})
  const listener = vi.fn()
  watch.subscribe(listener)
  send({})
  expect(listener).not.toHaveBeenCalled()
})

test('only so many are kept', () => {
  const { watch, send } = opened()
  for (let n = 0; n < 6; n++) send({ frames: Array.from({ length: 100 }, (_, m) => frame(`${n * 100 + m}`)) })
  expect(watch.state().frames).toHaveLength(500)
  expect(watch.state().frames[0]?.text).toBe('599')
})

test('a server that is away is asked again, a connection that is no more is not', () => {
  const { source, watch, send, fail } = opened()
  send({ frames: [frame('a')] })
  fail(0)
  expect(watch.state()).toMatchObject({ phase: 'lost', frames: [expect.objectContaining({ text: 'a' })] })
  send({})
  expect(watch.state().phase).toBe('open')
  send({ clients: 0 })
  expect(watch.state().phase).toBe('ended')
  expect(source.close).toHaveBeenCalled()
  fail(2)
  expect(watch.state().phase).toBe('ended')
})

test.each([
  [{ by: 'server', code: 3503, reason: 'force disconnect' }, 'closed by the server: 3503 force disconnect'],
  [{ by: 'client', code: 1001, reason: 'gone' }, 'closed by the client: 1001'],
  [{ by: 'client', code: 1005, reason: 'gone' }, 'closed by the client'],
  [{ by: 'client', code: 1006, reason: 'gone' }, 'broken off without a word'],
] as const)('the end is the last line, and says why: %j', (ending, words) => {
  const { watch, send } = opened()
  const endings = [{ client: 'c', time: '2026-11-22T09:00:03.000Z', ...ending }]
  send({ clients: 0, frames: [frame('a')], endings })
  expect(watch.state()).toMatchObject({ phase: 'ended', ending: words })
  expect(watch.state().frames[0]).toMatchObject({ direction: 'end', text: words })
  expect(framesText(watch.state().frames).split('\n').at(-1)).toBe(`2026-11-22T09:00:03.000Z # ${words}`)
})

test('as text they are in the order in which they happened', () => {
  const { watch, send } = opened()
  send({ frames: [frame('{"id":1}', 1), frame('{}', 2, 'out')] })
  expect(framesText(watch.state().frames)).toBe('2026-11-22T09:00:01.000Z > {"id":1}\n2026-11-22T09:00:02.000Z < {}')
})
