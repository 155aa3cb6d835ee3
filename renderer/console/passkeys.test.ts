import { expect, test } from 'vitest'
import { isAddress } from './passkeys.ts'

test.each([
  ['127.0.0.1', true],
  ['[::1]', true],
  ['[2001:db8::17]', true],
  ['localhost', false],
  ['carillon.example.org', false],
  ['10.example.org', false],
])('%s is an address: %s', (hostname, is) => {
  expect(isAddress(hostname)).toBe(is)
})
