import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { problems } from './problem.ts'

test('every code is in the page on what to do', () => {
  const page = readFileSync(new URL('../docs/troubleshooting.md', import.meta.url), 'utf8')
  expect(Object.keys(problems).filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})
