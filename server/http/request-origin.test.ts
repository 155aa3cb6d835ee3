import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { requestOrigin } from '#server/auth/origin.ts'
import { clientAddress } from './client-address.ts'
import { requestIdOf, workOnBehalf } from './request-origin.ts'

/** A server that answers where it believes a request to come from. */
async function startServer(isTrusted: (address: string) => boolean = () => false) {
  const app = fastify({ genReqId: (request) => requestIdOf(request, isTrusted) })
  workOnBehalf(app, (request) => clientAddress(request, isTrusted, false))
  app.post('/origin', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return requestOrigin()
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return {
    ask: async (headers: Record<string, string> = {}) => {
      const response = await fetch(`http://127.0.0.1:${port}/origin`, {
        ...{ method: 'POST', body: JSON.stringify('x'.repeat(100_000)) },
        headers: { 'content-type': 'application/json', 'user-agent': 'a test', ...headers },
      })
      const origin = (await response.json()) as { requestId: string; address: string; userAgent: string }
      return { ...origin, answered: response.headers.get('x-request-id') }
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}

const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)

test('what a request with a body does is done on its behalf, under the name that its answer tells', async () => {
  await using server = await startServer()
  const [one, other] = await Promise.all([server.ask(), server.ask({ 'user-agent': 'x'.repeat(1_000) })])
  expect(one).toEqual({
    ...{ address: '127.0.0.1', userAgent: 'a test', requestId: uuid, answered: one.requestId },
    route: 'POST /origin',
  })
  expect(other.userAgent).toHaveLength(300)
  expect(other.requestId).not.toBe(one.requestId)
})

test('a request is called as its trusted proxy says, and not as anybody else does', async () => {
  const headers = { 'x-request-id': 'from-the-proxy', 'x-forwarded-for': '192.0.2.7' }
  await using proxied = await startServer((address) => address === '127.0.0.1')
  expect(await proxied.ask(headers)).toMatchObject({ requestId: 'from-the-proxy', address: '192.0.2.7' })
  expect(await proxied.ask({ 'x-request-id': 'a b;<script>' })).toMatchObject({ requestId: uuid })
  await using open = await startServer()
  expect(await open.ask(headers)).toMatchObject({ requestId: uuid, address: '127.0.0.1' })
})
