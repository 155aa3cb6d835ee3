import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLine } from './line.ts'

describe('a line by turns', () => {
  test('lets as many begin at once, as many of those who wait in each turn, and all in their order', async () => {
    const enter = createLine({ atOnce: 2, everyMs: 0 })
    const begun = enterAll(enter, 'abcde')
    await Promise.resolve()
    expect(begun.join('')).toBe('ab')
    await turn()
    expect(begun.join('')).toBe('abcd')
    await turn()
    expect(begun.join('')).toBe('abcde')
  })

  test('lets in at once who finds nobody there, also after others', async () => {
    const enter = createLine({ atOnce: 1, everyMs: 0 })
    enterAll(enter, 'abc')
    for (let turns = 0; turns < 5; turns++) await turn()
    const begun = enterAll(enter, 'de')
    await Promise.resolve()
    expect(begun.join('')).toBe('d')
    await turn()
    expect(begun.join('')).toBe('de')
  })
})

describe('a line by time', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('lets one begin each so many milliseconds', async () => {
    vi.useFakeTimers()
    const begun = enterAll(createLine({ atOnce: 1, everyMs: 5 }), 'abc')
    await vi.advanceTimersByTimeAsync(4)
    expect(begun.join('')).toBe('a')
    await vi.advanceTimersByTimeAsync(1)
    expect(begun.join('')).toBe('ab')
    await vi.advanceTimersByTimeAsync(5)
    expect(begun.join('')).toBe('abc')
  })
})

/** The names of those who have begun, as it happens. */
function enterAll(enter: () => Promise<void>, names: string): readonly string[] {
  const begun: string[] = []
  for (const name of names) void enter().then(() => begun.push(name))
  return begun
}
