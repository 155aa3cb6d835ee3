import { expect, test, vi } from 'vitest'
import { memoryLog } from '../log.ts'
import { clockTrouble, createClock } from './clock.ts'

const today = Date.UTC(2026, 10, 22, 12)
const minute = 60

test.each([
  [0, 'says 1970-01-01'],
  [Date.UTC(2025, 5, 1), 'says 2025-06-01'],
])('a clock before there was a Carillon is wrong, though nobody answers', (now, words) => {
  expect(clockTrouble(now, null)).toContain(words)
  expect(clockTrouble(now, 0)).toContain(words)
})

test.each([
  [-59, null],
  [0, null],
  [30, null],
  [60, '1 minute behind.'],
  [-90 * minute, '2 hours ahead.'],
  [56 * 365 * 86_400, '56 years behind.'],
])('an offset of %s s: %s', (offset, words) => {
  const said = clockTrouble(today, offset)
  if (words === null) expect(said).toBeNull()
  else expect(said).toContain(words)
})

test('it is held against another server at once, and what the one before still says is not heard', async () => {
  const [old, other] = ['https://old.example.org', 'https://other.example.org']
  const asked: string[] = []
  const late = Promise.withResolvers<Response>()
  const answered = (at: number) => new Response(null, { headers: { date: new Date(at).toUTCString() } })
  using clock = createClock({
    server: old,
    log: memoryLog(),
    onChange: () => {},
    now: () => today,
    fetch: (url) => {
      asked.push(String(url))
      return String(url).startsWith(old) ? late.promise : Promise.resolve(answered(today + 90_000))
    },
  })
  clock.use(old)
  clock.use(other)
  await vi.waitFor(() => expect(clock.offset).toBe(90))
  late.resolve(answered(today + 7_200_000))
  await late.promise
  expect(clock.offset).toBe(90)
  expect(asked).toEqual([old, other].map((server) => `${server}/health/live`))
})

test('it is measured by the answer of the server, and looked at again until it is right', async () => {
  let now = 0
  let server: number | null = null
  const onChange = vi.fn()
  using clock = createClock({
    server: 'https://carillon.example.org',
    log: memoryLog(),
    onChange,
    now: () => now,
    every: { soon: 1, later: 60_000 },
    fetch: async () => {
      if (server === null) throw new TypeError('fetch failed')
      return new Response(null, { headers: { date: new Date(server).toUTCString() } })
    },
  })
  expect(clock.trouble).toContain('1970-01-01')
  server = today
  await vi.waitFor(() => expect(clock.offset).toBe(today / 1000))
  expect(clock.trouble).toContain('behind')
  now = today - 1500 // the network has told it the time
  await vi.waitFor(() => expect(clock).toMatchObject({ offset: 0, trouble: null }))
  expect(onChange).toHaveBeenCalled()
})
