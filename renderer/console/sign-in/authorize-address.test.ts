import { expect, test } from 'vitest'
import { authorizeAddress } from './authorize-address.ts'

const request = {
  response_type: 'code',
  client_id: 'rota',
  redirect_uri: 'https://rota.example.org/callback?from=carillon',
  scope: 'openid email',
  state: 'a b&c',
  code_challenge: 'x',
  code_challenge_method: 'S256',
}

function goesOn(more: Record<string, string>): URL {
  const signed = new URLSearchParams({ ...request, exp: '1', ba_iat: '2', sig: 'abc=', ...more })
  signed.append('ba_param', 'client_id')
  signed.append('ba_param', 'state')
  return new URL(authorizeAddress(signed) ?? '', 'http://localhost')
}

test('the request of a service goes on as it came', () => {
  const { pathname, searchParams } = goesOn({})
  expect(pathname).toBe('/api/auth/oauth2/authorize')
  expect(Object.fromEntries(searchParams)).toEqual(request)
})

test.each([
  ['login', null],
  ['login consent', 'consent'],
  ['consent', 'consent'],
])('having signed in again is not asked for twice: prompt=%s', (prompt, left) => {
  expect(goesOn({ prompt, max_age: '0' }).searchParams.get('prompt')).toBe(left)
  expect(goesOn({ prompt, max_age: '0' }).searchParams.has('max_age')).toBe(false)
})

test.each(['', 'client_id=rota', 'sig=abc', 'next=https://evil.example.org'])('nobody sent "%s"', (query) => {
  expect(authorizeAddress(new URLSearchParams(query))).toBeNull()
})
