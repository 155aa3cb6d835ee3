import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPinger } from './ping.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('everybody is pinged first after half to one interval, and then every interval', () => {
  using pinger = createPinger({ pingMs: 25_000, pongMs: 8_000 })
  const pings: number[][] = []
  for (let n = 0; n < 200; n++) {
    const times: number[] = []
    pings.push(times)
    const slot = pinger.add({
      ping: () => {
        times.push(Date.now())
        slot.pong()
      },
      overdue: () => expect.unreachable(),
    })
  }
  const start = Date.now()
  vi.advanceTimersByTime(100_000)
  for (const times of pings) {
    const [first = 0, second = 0, third = 0] = times
    expect(first - start).toBeGreaterThanOrEqual(12_500)
    expect(first - start).toBeLessThanOrEqual(25_000)
    expect([second - first, third - second]).toEqual([25_000, 25_000])
  }
  expect(new Set(pings.map(([first]) => first)).size).toBeGreaterThan(5)
})

test('who does not answer in time is overdue, once stopped nobody is', () => {
  using pinger = createPinger({ pingMs: 25_000, pongMs: 8_000 })
  const overdue: number[] = []
  let pinged = 0
  const slot = pinger.add({
    ping: () => (pinged = Date.now()),
    overdue: () => {
      overdue.push(Date.now() - pinged)
      slot.stop()
    },
  })
  vi.advanceTimersByTime(100_000)
  expect(overdue).toEqual([8_000])
})
