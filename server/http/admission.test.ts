import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createAdmission } from './admission.ts'

const limits = { requests_in_flight: 3, requests_in_flight_per_address: 2 }

function visitor(address: string, { url = '/api/v1/me', headers = 1 } = {}) {
  const request = { address, url, rawHeaders: Array.from({ length: headers * 2 }, () => 'x') }
  return request as unknown as IncomingMessage
}

function start(given: Partial<typeof limits> = {}) {
  const admission = createAdmission({
    limits: { ...limits, ...given },
    addressOf: (request) => (request as unknown as { address: string }).address,
    isLocal: (request) => (request as unknown as { address: string }).address === 'local',
  })
  return (request: IncomingMessage) => {
    let status: number | null = null
    let headers: Record<string, string> = {}
    const response = {
      writeHead(given: number, more: Record<string, string>) {
        status = given
        headers = more
        return { end() {} }
      },
    }
    const release = admission.admit(request, response as unknown as ServerResponse)
    return { release: () => release?.(), status, wait: headers['retry-after'] }
  }
}

test('so many requests of one address, and of all together, are worked on at a time', () => {
  const admit = start()
  const first = admit(visitor('192.0.2.7'))
  expect(first.status).toBeNull()
  expect(admit(visitor('192.0.2.7')).status).toBeNull()
  expect(admit(visitor('192.0.2.7'))).toMatchObject({ status: 429, wait: '1' })
  expect(admit(visitor('192.0.2.8')).status).toBeNull()
  expect(admit(visitor('192.0.2.9'))).toMatchObject({ status: 503, wait: '1' })
  first.release()
  first.release()
  expect(admit(visitor('192.0.2.9')).status).toBeNull()
  expect(admit(visitor('192.0.2.9'))).toMatchObject({ status: 503 })
})

test('an IPv6 site is one address, loopback is none, and the data folder’s socket and health are never counted', () => {
  const admit = start({ requests_in_flight: 10 })
  expect(admit(visitor('2001:db8::1')).status).toBeNull()
  expect(admit(visitor('2001:db8::2')).status).toBeNull()
  expect(admit(visitor('2001:db8::3')).status).toBe(429)
  for (let count = 0; count < 8; count++) expect(admit(visitor('127.0.0.1')).status).toBeNull()
  expect(admit(visitor('127.0.0.1')).status).toBe(503)
  expect(admit(visitor('local')).status).toBeNull()
  expect(admit(visitor('127.0.0.1', { url: '/health/live' })).status).toBeNull()
})

test('with 0 there is no limit of one address', () => {
  const admit = start({ requests_in_flight: 10, requests_in_flight_per_address: 0 })
  for (let count = 0; count < 10; count++) expect(admit(visitor('192.0.2.7')).status).toBeNull()
})

test('more than a hundred headers are refused, because Node would leave some out', () => {
  const admit = start()
  expect(admit(visitor('192.0.2.7', { headers: 100 })).status).toBeNull()
  expect(admit(visitor('192.0.2.7', { headers: 101 }))).toMatchObject({ status: 431, wait: undefined })
})
