import { expect, test } from 'vitest'
import { inNetworks } from './network.ts'

test('an address lies in a network or not', () => {
  const isIn = inNetworks(['10.0.0.0/8', '192.0.2.1', 'fd00::/8'])
  for (const address of ['10.0.0.1', '10.255.255.255', '192.0.2.1', 'fd12::1'])
    expect(isIn(address), address).toBe(true)
  for (const address of ['11.0.0.1', '192.0.2.2', 'fe80::1', '', 'lobby']) expect(isIn(address), address).toBe(false)
})

test('without networks nothing lies in one', () => {
  expect(inNetworks([])('127.0.0.1')).toBe(false)
})
