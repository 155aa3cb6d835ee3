import { symmetricDecrypt } from 'better-auth/crypto'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { anotherAdmin, bearer, enrolled, operator, signedIn, startAuth } from './auth-fixture.ts'

type Server = Awaited<ReturnType<typeof startAuth>>

const secret = 's'.repeat(43)
const issuer = 'http://127.0.0.1:8750/api/auth'
const audience = 'carillon:realtime'

/** The server's real signing key, to make tokens that are wrong in one thing only. */
async function realKey(server: Server) {
  const row = server.store.sqlite.prepare('select id, privateKey from jwks').get()
  const jwk = await symmetricDecrypt({ key: secret, data: JSON.parse(String(row?.privateKey)) })
  return { kid: String(row?.id), key: await importJWK(JSON.parse(jwk) as JWK, 'EdDSA') }
}

test('a person gets a token of 5 minutes that says who they are', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token, expiresIn } = await server.auth.issueAccessToken(identity)
  expect(expiresIn).toBe(300)
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: expect.any(String) })
  const claims = decodeJwt(token)
  expect(claims).toEqual({
    iss: issuer,
    aud: audience,
    sub: identity.userId,
    sid: identity.kind === 'user' && identity.sessionId,
    kind: 'user',
    role: 'admin',
    name: 'Ada',
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: (claims.iat ?? 0) + 300,
  })
  expect(await server.auth.verifyAccessToken(token)).toEqual({ ok: true, identity, expiresAt: claims.exp })
})

test('a device gets a token that names the device', async () => {
  await using server = await startAuth()
  const { token: session, device } = await enrolled(server.auth)
  const found = await server.auth.identify(bearer(session))
  if (found === null) throw new Error('nobody')
  const { token } = await server.auth.issueAccessToken(found.identity)
  expect(decodeJwt(token)).toMatchObject({ kind: 'device', role: 'device', device })
  expect(await server.auth.verifyAccessToken(token)).toMatchObject({ ok: true, identity: found.identity })
})

test('a key and the local socket can have tokens as well', async () => {
  await using server = await startAuth()
  const { key, id } = await server.auth.keys.create('weather', ['publish', 'subscribe'], operator)
  const found = await server.auth.identify(new Headers({ 'x-api-key': key }))
  if (found === null) throw new Error('nobody')
  const ofKey = await server.auth.issueAccessToken(found.identity)
  expect(await server.auth.verifyAccessToken(ofKey.token)).toMatchObject({ ok: true, identity: found.identity })
  await server.auth.keys.revoke(id)
  expect(await server.auth.verifyAccessToken(ofKey.token)).toMatchObject({ ok: false, reason: 'invalid' })

  const local = await server.auth.issueAccessToken(operator)
  expect(await server.auth.verifyAccessToken(local.token)).toMatchObject({ ok: true, identity: operator })
})

test('a token is refused as expired after 5 minutes, also when it has been seen before', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const seen = await server.auth.issueAccessToken(identity)
  const unseen = await server.auth.issueAccessToken(identity)
  expect(await server.auth.verifyAccessToken(seen.token)).toMatchObject({ ok: true })
  server.forward(301)
  expect(await server.auth.verifyAccessToken(seen.token)).toEqual({ ok: false, reason: 'expired' })
  expect(await server.auth.verifyAccessToken(unseen.token)).toEqual({ ok: false, reason: 'expired' })
})

test.each(['session', 'user'] as const)('a token seen before is refused at once when its %s is gone', async (what) => {
  await using server = await startAuth()
  const { identity, user } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  expect(await server.auth.verifyAccessToken(token)).toMatchObject({ ok: true })
  if (what === 'session' && identity.kind === 'user') await server.auth.endSession(identity.sessionId)
  else {
    await anotherAdmin(server.auth)
    await server.auth.users.setDisabled(user.id, true)
  }
  expect(await server.auth.verifyAccessToken(token)).toMatchObject({ ok: false, reason: 'invalid' })
})

test('tokens signed with the real key but made for something else are refused', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const good = decodeJwt((await server.auth.issueAccessToken(identity)).token)
  const { kid, key } = await realKey(server)
  const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid, ...header }).sign(key)
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([claim]) => claim !== name))

  // Proves that what follows is refused for its one fault and not for how it was made.
  expect(await server.auth.verifyAccessToken(await sign(good))).toMatchObject({ ok: true })
  const wrong: Record<string, string> = {
    audience: await sign({ ...good, aud: 'carillon:other' }),
    issuer: await sign({ ...good, iss: 'http://127.0.0.1:8750' }),
    kind: await sign({ ...good, kind: 'root' }),
    'kind of the account': await sign({ ...good, kind: 'local' }),
    subject: await sign({ ...good, sub: 'somebody else' }),
    session: await sign({ ...good, sid: 'another' }),
    future: await sign({ ...good, nbf: (good.iat ?? 0) + 600 }),
  }
  for (const claim of ['sub', 'sid', 'kind', 'jti', 'iat', 'exp', 'aud', 'iss']) {
    wrong[`no ${claim}`] = await sign(without(claim))
  }
  for (const [fault, token] of Object.entries(wrong)) {
    expect([fault, await server.auth.verifyAccessToken(token)]).toMatchObject([fault, { ok: false, reason: 'invalid' }])
  }
})

test('tokens of other keys and of no key are refused', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  const claims = decodeJwt(token)
  const { kid } = await realKey(server)
  const foreign = await generateKeyPair('EdDSA', { extractable: true })
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const publicKey = JSON.stringify(await exportJWK(foreign.publicKey))
  const wrong = [
    await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid }).sign(foreign.privateKey),
    await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: 'unknown' }).sign(foreign.privateKey),
    await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).sign(foreign.privateKey),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(new TextEncoder().encode(publicKey)),
    `${segment({ alg: 'none' })}.${segment(claims)}.`,
    `${segment({ alg: 'none', kid })}.${segment(claims)}.${token.split('.')[2]}`,
    token.slice(0, -4),
    `${token.split('.')[0]}.${segment({ ...claims, role: 'admin', exp: (claims.exp ?? 0) + 1 })}.${token.split('.')[2]}`,
    'tkt_abc',
    '',
    'a.b.c',
    'x'.repeat(100_000),
  ]
  for (const presented of wrong) {
    expect([presented.slice(0, 200), await server.auth.verifyAccessToken(presented)]).toMatchObject([
      presented.slice(0, 200),
      { ok: false, reason: 'invalid' },
    ])
  }
})

test('a token of a key made after the key set was read is accepted', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  expect(await server.auth.verifyAccessToken(token)).toMatchObject({ ok: true })
  // As the next rotation does, or another server on the same records.
  const pair = await generateKeyPair('EdDSA', { extractable: true })
  server.store.sqlite
    .prepare(
      `insert into jwks (id, publicKey, privateKey, createdAt, alg, crv) values ('next', ?, '', ?, 'EdDSA', 'Ed25519')`,
    )
    .run(JSON.stringify(await exportJWK(pair.publicKey)), new Date().toISOString())
  const rotated = await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'EdDSA', kid: 'next' })
    .sign(pair.privateKey)
  expect(await server.auth.verifyAccessToken(rotated)).toMatchObject({ ok: true })
})

test('a signature is verified once for each token, not once for each use', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  await server.auth.verifyAccessToken(token)
  const original = crypto.subtle.verify
  let verified = 0
  crypto.subtle.verify = (...args) => {
    verified += 1
    return original.apply(crypto.subtle, args)
  }
  try {
    await server.auth.verifyAccessToken(token)
    expect(verified).toBe(0)
    await server.auth.verifyAccessToken((await server.auth.issueAccessToken(identity)).token)
    expect(verified).toBe(1)
  } finally {
    crypto.subtle.verify = original
  }
})
