import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { inNetworks } from '#server/config/network.ts'
import { clientAddress } from './client-address.ts'

const isTrusted = inNetworks(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])

function addressOf(remoteAddress: string | undefined, forwarded?: string, isLocal = false): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return clientAddress({ socket: { remoteAddress }, headers } as unknown as IncomingMessage, isTrusted, isLocal)
}

test.each([
  ['nobody is believed who is not trusted', '198.51.100.7', '203.0.113.9', '198.51.100.7'],
  ['a trusted proxy is believed', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a chain of trusted proxies is believed', '127.0.0.1', '203.0.113.9, 10.1.2.3', '203.0.113.9'],
  ['what the client itself has written is not', '127.0.0.1', '192.0.2.1, 203.0.113.9', '203.0.113.9'],
  ['a proxy that says nothing is the client', '10.0.0.1', undefined, '10.0.0.1'],
  ['what is no address ends the chain', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['a proxy that is the client itself stays', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ['IPv4 in IPv6 is IPv4', '::ffff:127.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['ports are left out', 'fd00::1', '203.0.113.9:4711', '203.0.113.9'],
  ['also those of IPv6', 'fd00::1', '[2001:db8::1]:4711', '2001:db8::1'],
  ['a socket that was reset is nobody’s in particular', undefined, '203.0.113.9', '0.0.0.0'],
])('%s', (_title, remote, forwarded, expected) => {
  expect(addressOf(remote, forwarded)).toBe(expected)
})

test('the local socket is this machine', () => {
  expect(addressOf(undefined, '203.0.113.9', true)).toBe('127.0.0.1')
})

test('without trusted proxies the header is nobody’s business', () => {
  const request = { socket: { remoteAddress: '127.0.0.1' }, headers: { 'x-forwarded-for': '203.0.113.9' } }
  expect(clientAddress(request as unknown as IncomingMessage, inNetworks([]), false)).toBe('127.0.0.1')
})
