import { expect, test } from 'vitest'
import { isPrivate, sendGuarded } from './guarded-request.ts'

test('addresses of this machine and of private networks are known, in all their forms', () => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '::1',
  ]
  inside.push(
    'fe80::1',
    'fc00::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '::',
    '255.255.255.255',
  )
  for (const address of inside) expect([address, isPrivate(address)]).toEqual([address, true])
  for (const address of ['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::8a']) {
    expect([address, isPrivate(address)]).toEqual([address, false])
  }
})

test('a name is refused by the address that it has when it is connected to', async () => {
  const request = { payload: '{}', headers: {}, privateHosts: [], signal: AbortSignal.timeout(5_000) }
  for (const url of [
    'http://localhost:1/',
    'http://127.1:1/',
    'http://2130706433:1/',
    'http://[::1]:1/',
    'http://0x7f.1:1/',
  ]) {
    await expect(async () => sendGuarded({ ...request, url })).rejects.toMatchObject({
      name: 'WebhookError',
      retry: false,
      message: expect.stringContaining('private_hosts'),
    })
  }
})
