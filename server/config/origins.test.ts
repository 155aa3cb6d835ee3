import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { addressForOthers, machineNames, originsOf, ownOrigins } from './origins.ts'

const address = (address: string, family: 'IPv4' | 'IPv6', internal = false) => ({
  ...{ address, internal, netmask: '', mac: '', cidr: null },
  ...(family === 'IPv4' ? { family } : { family, scopeid: 0 }),
})
const interfaces = {
  lo: [address('127.0.0.1', 'IPv4', true), address('::1', 'IPv6', true)],
  eth0: [address('fe80::1', 'IPv6'), address('2001:db8::7', 'IPv6'), address('192.0.2.7', 'IPv4')],
}

test('a server that listens everywhere is called by the addresses of its machine, and by its name', () => {
  expect(machineNames({ host: '0.0.0.0', public_url: undefined }, interfaces)).toEqual(['192.0.2.7', hostname()])
  const both = ['192.0.2.7', '2001:db8::7', hostname()]
  expect(machineNames({ host: '::', public_url: undefined }, interfaces)).toEqual(both)
})

test.each([
  { host: '127.0.0.1', public_url: undefined },
  { host: '192.0.2.7', public_url: undefined },
  { host: '0.0.0.0', public_url: 'https://bells.example.org' },
])('one that was told what it is called has no other names: %j', (config) => {
  expect(machineNames(config, interfaces)).toEqual([])
  const baseUrl = config.public_url ?? `https://${config.host}:8750`
  expect(originsOf(config, baseUrl)).toEqual(ownOrigins(baseUrl))
  expect(addressForOthers(config, baseUrl)).toBeNull()
})

test('pages at these addresses are its own, on its port', () => {
  const config = { host: '0.0.0.0', public_url: undefined }
  const origins = originsOf(config, 'https://localhost:8750')
  expect(origins).toContain('https://127.0.0.1:8750')
  expect(origins).toContain(new URL(`https://${hostname()}:8750`).origin)
  expect(origins).toContain(addressForOthers(config, 'https://localhost:8750'))
  expect(originsOf(config, 'https://localhost:443')).toContain(new URL(`https://${hostname()}`).origin)
})
