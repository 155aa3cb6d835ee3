import { symmetricDecrypt } from 'better-auth/crypto'
import { decodeJwt, decodeProtectedHeader, importJWK, type JSONWebKeySet, type JWK, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { address, authRequest, signedIn, startAuth } from './auth-fixture.ts'

type Server = Awaited<ReturnType<typeof startAuth>>

const day = 24 * 3600

const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? ''

/** The key has been over for so many seconds: better-auth goes by the real clock. */
async function end(server: Server, kid: string, secondsAgo: number) {
  const ended = new Date(Date.now() - secondsAgo * 1000).toISOString()
  await server.database.run('update jwks set "expiresAt" = ? where id = ?', ended, kid)
  // For longer than the server goes by what it remembers of the keys.
  server.forward(601)
}

/** The claims of a token, as if this key had signed them just now. */
async function signedBy(server: Server, kid: string, token: string) {
  const row = await server.database.get<{ privateKey: string }>('select "privateKey" from jwks where id = ?', kid)
  const jwk = await symmetricDecrypt({ key: 's'.repeat(43), data: JSON.parse(row?.privateKey ?? '') })
  const now = Math.floor(server.clock() / 1000)
  return new SignJWT({ ...decodeJwt(token), iat: now, exp: now + 300 })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
    .sign(await importJWK(JSON.parse(jwk) as JWK, 'EdDSA'))
}

async function keySet(server: Server) {
  const answer = await server.auth.handle(authRequest('GET', '/jwks'), address)
  const { keys } = (await answer.json()) as JSONWebKeySet
  return { keys, kids: keys.map(({ kid }) => kid), caching: answer.headers.get('cache-control') }
}

test('when a key ends another takes over, and what the first has signed holds for a week more, and no longer', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const issue = async () => (await server.auth.issueAccessToken(identity)).token
  const verify = async (token: string) => server.auth.verifyAccessToken(token)
  const first = await issue()
  expect(await verify(first)).toMatchObject({ ok: true })

  await end(server, kidOf(first), 7 * day - 60)
  const second = await issue()
  expect(kidOf(second)).not.toBe(kidOf(first))
  expect((await keySet(server)).kids.toSorted()).toEqual([kidOf(first), kidOf(second)].toSorted())
  for (const token of [second, await signedBy(server, kidOf(first), first)]) {
    expect(await verify(token)).toMatchObject({ ok: true })
  }

  await end(server, kidOf(first), 7 * day + 60)
  expect((await keySet(server)).kids).toEqual([kidOf(second)])
  expect(await verify(await signedBy(server, kidOf(second), second))).toMatchObject({ ok: true })
  const late = await signedBy(server, kidOf(first), first)
  expect(await verify(late)).toMatchObject({ ok: false, reason: 'invalid', why: 'unknown key' })
})

test('a server that has signed nothing for months publishes a key all the same', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  await end(server, kidOf(token), 100 * day)
  const { kids } = await keySet(server)
  expect(kids).toHaveLength(1)
  expect(kids).not.toContain(kidOf(token))
})

test('the key set may be kept for minutes, and holds nothing secret', async () => {
  await using server = await startAuth()
  const { keys, caching } = await keySet(server)
  expect(caching).toBe('public, max-age=300')
  expect(keys).toEqual([{ alg: 'EdDSA', crv: 'Ed25519', kty: 'OKP', kid: expect.any(String), x: expect.any(String) }])
})
