import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** How many items of levels 1 and 2 each section of ASVS 5.0.0 has; they are numbered from 1. */
const sections = {
  ...{ '6.1': 3, '6.2': 12, '6.3': 4, '6.4': 4, '6.5': 5, '6.6': 3, '6.8': 4 },
  ...{ '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 2, '7.6': 2 },
  ...{ '9.1': 3, '9.2': 4 },
  ...{ '10.1': 2, '10.2': 2, '10.3': 4, '10.4': 11, '10.5': 5, '10.6': 2, '10.7': 3 },
}

const page = readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| \d+\.\d+\.\d+ \|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('every item of the standard is in the table, once and in its order', () => {
  const items = Object.entries(sections).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
  )
  expect(items).toHaveLength(89)
  expect(rows.map(([, item]) => item)).toEqual(items)
})

test('of every item it is said where it is met, or why it does not apply', () => {
  for (const [, item, level, asked, where] of rows) {
    expect(level, item).toMatch(/^[12]$/)
    expect(asked, item).toMatch(/\w+ \w+/)
    expect(where, item).not.toMatch(/^open\b/i)
    expect(where?.length, item).toBeGreaterThan(9)
  }
})

test('the files that the table names are there', () => {
  const named = new Set(
    [...page.matchAll(/`((?:server|protocol|main|renderer|test)\/[\w/.-]+\.tsx?)`/g)].map(([, path]) => path ?? ''),
  )
  expect(named.size).toBeGreaterThan(8)
  for (const path of named) expect(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'), path).not.toBe('')
})
