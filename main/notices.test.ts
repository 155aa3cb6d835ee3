import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FeedEvent } from '#protocol/ipc.ts'
import { createNotices, type Notice, noticeOf } from './notices.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([
  [{ title: 'Doors', message: 'Open at nine' }, 'Doors', 'Open at nine'],
  [{ text: 'Open at nine' }, 'news:a', 'Open at nine'],
  ['Open at nine', 'news:a', 'Open at nine'],
  [{ temperature: 21 }, 'news:a', '{"temperature":21}'],
  [{ title: 7, message: '  ', text: 'x' }, 'news:a', 'x'],
  [null, 'news:a', 'null'],
  [[1, 2], 'news:a', '[1,2]'],
])('%j is announced as "%s": %s', (data, title, body) => {
  expect(noticeOf(event(data))).toEqual({ title, body })
})

test('a long text is cut at 200 characters, never inside one', () => {
  const { body } = noticeOf(event({ message: '🔔'.repeat(300) }))
  expect(Array.from(body)).toHaveLength(200)
  expect(body.endsWith('🔔…')).toBe(true)
})

test('a burst shows three and then one that counts the rest', () => {
  const shown: Notice[] = []
  const notices = createNotices({ show: (notice) => void shown.push(notice) })
  for (let n = 1; n <= 50; n++) {
    notices.add(event(`event ${n}`))
    vi.advanceTimersByTime(10)
  }
  vi.advanceTimersByTime(5000)
  expect(shown.map(({ body }) => body)).toEqual(['event 1', 'event 2', 'event 3', '47 more events'])
  vi.advanceTimersByTime(10_000)
  notices.add(event('later'))
  expect(shown.at(-1)?.body).toBe('later')
})

test('a steady stream of events never shows more than three in any five seconds', () => {
  const shown: number[] = []
  const notices = createNotices({ show: () => void shown.push(Date.now()) })
  for (let n = 0; n < 1000; n++) {
    notices.add(event(n))
    vi.advanceTimersByTime(100)
  }
  for (const at of shown) {
    const near = shown.filter((other) => other >= at && other < at + 5000)
    expect(near.length).toBeLessThanOrEqual(3)
  }
  expect(shown.length).toBeGreaterThan(20)
})

test('what was held back is not shown after the end', () => {
  const shown: Notice[] = []
  const notices = createNotices({ show: (notice) => void shown.push(notice) })
  for (let n = 1; n <= 5; n++) notices.add(event(n))
  notices[Symbol.dispose]()
  vi.advanceTimersByTime(10_000)
  expect(shown).toHaveLength(3)
})

function event(data: unknown): FeedEvent {
  return { channel: 'news:a', offset: 1, data, tags: {}, receivedAt: 0 }
}
