import { expect, test } from 'vitest'
import { authorizeAddress } from './authorize-address.ts'

test('the signed query goes on as it came, whatever is in it', () => {
  const signed = new URLSearchParams({
    client_id: 'rota',
    redirect_uri: 'https://rota.example.org/callback?from=carillon&x=1',
    scope: 'openid email',
    state: 'a b&c+d/é',
    prompt: 'login',
    exp: '1',
    sig: 'ab+c/d=',
  })
  for (const name of ['client_id', 'state']) signed.append('ba_param', name)
  const { pathname, searchParams } = new URL(authorizeAddress(signed) ?? '', 'http://localhost')
  expect(pathname).toBe('/api/auth/oauth2/authorize')
  expect([...searchParams]).toEqual([...signed])
})

test.each(['', 'client_id=rota', 'sig=abc', 'next=https://evil.example.org'])('no service wrote "%s"', (query) => {
  expect(authorizeAddress(new URLSearchParams(query))).toBeNull()
})
