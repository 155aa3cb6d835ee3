import { expect, test } from 'vitest'
import { isVisit } from './console.ts'

const browser = 'text/html,application/xhtml+xml,*/*;q=0.8'

test.each([
  ['a browser at an address that is none', 'GET', '/screens', browser, true],
  ['a browser at the API', 'GET', '/api/v1/nothing', browser, false],
  ['a form', 'POST', '/screens', browser, false],
  ['a program', 'GET', '/screens', '*/*', false],
  ['a program that says nothing', 'GET', '/screens', undefined, false],
])('%s', (_, method, url, accept, expected) => {
  const request = { method, url, headers: { accept } } as unknown as Parameters<typeof isVisit>[0]
  expect(isVisit(request)).toBe(expected)
})
