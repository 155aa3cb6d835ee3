import { expect, test } from 'vitest'
import { isAddress, isLoopback } from './passkeys.ts'

test.each([
  ['127.0.0.1', true, true],
  ['[::1]', true, true],
  ['192.0.2.17', true, false],
  ['[2001:db8::17]', true, false],
  ['localhost', false, false],
  ['carillon.example.org', false, false],
  ['127.example.org', false, false],
])('%s is an address: %s, and this computer: %s', (hostname, address, loopback) => {
  expect(isAddress(hostname)).toBe(address)
  expect(isLoopback(hostname)).toBe(loopback)
})
