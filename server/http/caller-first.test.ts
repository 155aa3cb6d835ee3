import { expect, test } from 'vitest'
import { ada, address, operator, password, signedIn } from '#server/auth/auth-fixture.ts'
import { startApp } from './app-fixture.ts'

const open = [
  'GET /api/v1/setup',
  'POST /api/v1/setup',
  'POST /api/v1/sign-in',
  'POST /api/v1/token',
  'GET /api/v1/password-resets',
  'POST /api/v1/password-resets',
  'POST /api/v1/enrolments',
  'POST /api/v1/enrolments/token',
]
const json = { 'content-type': 'application/json' }
const wrong: readonly {
  readonly headers?: Record<string, string>
  readonly payload?: string
  readonly query?: string
}[] = [
  {},
  { headers: json, payload: '{"bogus":[1]}' },
  { headers: json, payload: '{' },
  { headers: { 'content-type': 'text/xml' }, payload: '<a/>' },
  { headers: json, payload: JSON.stringify('x'.repeat(600_000)) },
  { query: '?limit=all&cursor=%00' },
]

test('whoever has not signed in learns that first, whatever they send: every route there is', async () => {
  await using server = await startApp()
  const { app } = server
  const routes = app.routeTable.routes.filter(({ method, url }) => url.startsWith('/api/v1/') && method !== 'HEAD')
  expect(routes.length).toBeGreaterThan(60)
  const named = routes.map(({ method, url }) => `${method} ${url}`)
  expect(named).toEqual(expect.arrayContaining(open))
  for (const { method, url } of routes) {
    for (const { headers = {}, payload, query = '' } of wrong) {
      const answer = await app.inject({
        method: method as 'POST',
        url: url.replaceAll(/:\w+/g, 'x') + query,
        headers: { ...headers, authorization: 'Bearer of.nothing' },
        ...(payload !== undefined && method !== 'GET' && { payload }),
      })
      const isOpen = open.includes(`${method} ${url}`)
      expect({ method, url, payload: payload?.slice(0, 20), code: answer.json().code }).toMatchObject({
        code: isOpen ? expect.stringMatching(/^(bad_request|malformed_json|payload_too_large)$/) : 'invalid_token',
      })
    }
  }
})

test('whoever may not do something learns that first, whatever they send', async () => {
  await using server = await startApp()
  const { app, auth } = server
  await auth.users.create({ ...ada, email: 'vera@example.org', role: 'viewer' })
  const { token } = await auth.signIn('vera@example.org', password, address)
  const { key } = await auth.keys.create('figures', ['metrics'], operator)
  const callers = [{ authorization: `Bearer ${token}` }, { 'x-api-key': key }]
  // What is about whoever asks, and what is refused for what is in it.
  const ofOnesOwn =
    /^\/api\/v1\/(me|sessions|keys|stars|task[\w-]*|channels|token|tickets|access-tokens|oauth)\b|\/me(\/|$)/
  const routes = app.routeTable.routes.filter(
    ({ method, url }) =>
      url.startsWith('/api/v1/') && method !== 'HEAD' && !ofOnesOwn.test(url) && !open.includes(`${method} ${url}`),
  )
  expect(routes.length).toBeGreaterThan(30)
  const told: unknown[] = []
  for (const { method, url } of routes) {
    const isForViewers = /^GET \/api\/v1\/devices(\/:id)?$/.test(`${method} ${url}`)
    for (const caller of isForViewers ? callers.slice(1) : callers) {
      for (const { headers = {}, payload, query = '' } of wrong) {
        const answer = await app.inject({
          method: method as 'POST',
          url: url.replaceAll(/:\w+/g, 'x') + query,
          headers: { ...headers, ...caller },
          ...(payload !== undefined && method !== 'GET' && { payload }),
        })
        const { code } = answer.json()
        if (code !== 'forbidden') told.push({ method, url, caller, query, payload: payload?.slice(0, 20), code })
      }
    }
  }
  expect(told).toEqual([])
})

test('whoever has signed in learns what is wrong with what they sent', async () => {
  await using server = await startApp()
  const { token } = await signedIn(server.auth)
  const ask = async (body: string, headers: Record<string, string>) => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { ...json, ...headers },
      body,
    })
    return answer.json().code
  }
  const known = { authorization: `Bearer ${token}` }
  expect(await ask('{"email":"x"}', known)).toBe('bad_request')
  expect(await ask('{', known)).toBe('malformed_json')
  expect(await ask(JSON.stringify({ name: 'x'.repeat(20_000) }), known)).toBe('payload_too_large')
  expect(await ask('{', {})).toBe('unauthorized')
})
