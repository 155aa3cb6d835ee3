import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { baseUrl } from '#server/auth/auth-fixture.ts'
import { startApp } from './app-fixture.ts'
import { isForeignPage } from './cross-site.ts'

const safe = new Set(['GET', 'HEAD'])
const cookies = ['carillon.session_token=x', 'a=b; __Secure-carillon.session_token=x', 'carillon.two_factor=x']
const foreign: Record<string, string>[] = [
  {},
  { origin: 'https://elsewhere.example.org' },
  { origin: 'null' },
  { origin: `${baseUrl}.example.org` },
  { origin: baseUrl, 'sec-fetch-site': 'cross-site' },
  { referer: `${baseUrl}/` },
]

test('whatever changes something and brings a cookie comes from our own pages: every route there is', async () => {
  await using server = await startApp()
  const { app } = server
  const changing = app.routeTable.routes.filter(({ method }) => !safe.has(method))
  expect(changing.length).toBeGreaterThan(25)
  expect(changing.map(({ url }) => url)).toContain('/api/auth/*')
  for (const { method, url } of changing) {
    const path = url.replaceAll(/:\w+/g, 'x').replace('*', 'sign-out')
    for (const cookie of cookies) {
      for (const headers of foreign) {
        const answer = await app.inject({ method: method as 'POST', url: path, headers: { cookie, ...headers } })
        expect({ method, url, status: answer.statusCode, code: answer.json().code }).toEqual({
          ...{ method, url, status: 403, code: 'wrong_origin' },
        })
      }
    }
    const own = await app.inject({
      method: method as 'POST',
      url: path,
      headers: { cookie: cookies[0], origin: baseUrl },
    })
    expect(own.body).not.toContain('wrong_origin')
  }
})

test('a program that leaves out the Origin header is told so', async () => {
  await using server = await startApp()
  const ask = async (headers: Record<string, string>) => {
    const answer = await server.app.inject({ method: 'POST', url: '/api/v1/tickets', headers })
    return answer.json().detail as string
  }
  const [cookie = ''] = cookies
  expect(await ask({ cookie })).toMatch(/Origin header is missing.*bearer token/)
  expect(await ask({ cookie, origin: 'null' })).not.toMatch(/missing/)
  expect(await ask({ cookie, origin: 'https://elsewhere.example.org' })).not.toMatch(/missing/)
})

const isAllowed = (origin: string) => origin === 'https://allowed.example.org'

test.each([
  ['a program', {}, false],
  ['an allowed page', { origin: 'https://allowed.example.org', 'sec-fetch-site': 'cross-site' }, false],
  ['another page', { origin: 'https://elsewhere.example.org' }, true],
  ['a page of another port', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, true],
  ['a sandboxed frame', { origin: 'null' }, true],
  ['an app', { origin: 'app://carillon' }, false],
  ['an app from files', { origin: 'file://' }, false],
  ['an image on another page', { 'sec-fetch-site': 'cross-site' }, true],
  ['an image on a page of another port', { 'sec-fetch-site': 'same-site' }, true],
  ['our own page', { 'sec-fetch-site': 'same-origin' }, false],
  ['a person at the address bar', { 'sec-fetch-site': 'none' }, false],
])('%s asks: %j', (_who, headers, expected) => {
  expect(isForeignPage({ headers } as unknown as IncomingMessage, isAllowed)).toBe(expected)
})
