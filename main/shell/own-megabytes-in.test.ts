import { expect, test } from 'vitest'
import { ownMegabytesIn } from './own-megabytes-in.ts'

test('what a process takes itself is told from what it has of files', () => {
  const status =
    'Name:\telectron\nVmRSS:\t  125536 kB\nRssAnon:\t   32956 kB\nRssFile:\t   91692 kB\nRssShmem:\t     888 kB\n'
  expect(ownMegabytesIn(status)).toBe(32)
})

test('where nobody says so it is not known', () => {
  expect(ownMegabytesIn('')).toBeNull()
  expect(ownMegabytesIn('Name:\tkthreadd\nThreads:\t1\n')).toBeNull()
})
