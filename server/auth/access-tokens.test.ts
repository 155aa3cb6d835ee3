import nodeCrypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
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
  const row = await server.database.get<{ id: string; privateKey: string }>('select id, "privateKey" from jwks')
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
  for (const { token } of [seen, unseen]) {
    expect(await server.auth.verifyAccessToken(token)).toMatchObject({ ok: false, reason: 'expired' })
  }
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

test('who was given a token is not looked up at its first use, unless somebody was revoked or it is used late', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const issue = async () => (await server.auth.issueAccessToken(identity)).token
  // Behind the back of the server, which shows who looks.
  const rename = (name: string) => server.database.run('update "user" set name = ?', name)
  const nameBy = async (token: string) => {
    const verified = await server.auth.verifyAccessToken(token)
    return verified.ok ? verified.identity.name : verified.reason
  }
  const [token, later, mine, ofOthers] = [await issue(), await issue(), await issue(), await issue()]
  const { kid, key } = await realKey(server)
  const sign = (claims: object) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid }).sign(key)
  const stolen = await sign({ ...decodeJwt(ofOthers), sid: 'another' })
  await rename('Ada L.')
  expect(await nameBy(token)).toBe('Ada')
  expect(await nameBy(token)).toBe('Ada L.')
  expect(await nameBy(stolen)).toBe('invalid')
  const grace = await anotherAdmin(server.auth)
  await server.auth.users.setDisabled(grace.id, true)
  expect(await nameBy(mine)).toBe('Ada L.')
  await rename('Ada')
  expect(await nameBy(later)).toBe('Ada')
  const fresh = await issue()
  await rename('Ada L.')
  server.forward(20)
  expect(await nameBy(fresh)).toBe('Ada L.')
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
    role: await sign({ ...good, role: 'root' }),
    'instant of issue': await sign({ ...good, iat: 'now' as never }),
  }
  for (const claim of ['sub', 'sid', 'kind', 'role', 'jti', 'iat', 'exp', 'aud', 'iss']) {
    wrong[`no ${claim}`] = await sign(without(claim))
  }
  for (const [fault, token] of Object.entries(wrong)) {
    expect([fault, await server.auth.verifyAccessToken(token)]).toMatchObject([fault, { ok: false, reason: 'invalid' }])
  }
})

test('clocks may differ by a minute, and one that is an hour off is named', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const good = decodeJwt((await server.auth.issueAccessToken(identity)).token)
  const { kid, key } = await realKey(server)
  const now = Math.floor(server.clock() / 1000)
  const by = (seconds: number) =>
    new SignJWT({ ...good, iat: now + seconds, exp: now + seconds + 300 })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
      .sign(key)
  const fast = await by(3600)
  for (const seconds of [-59, 59]) {
    expect(await server.auth.verifyAccessToken(await by(seconds))).toMatchObject({ ok: true })
  }
  expect(await server.auth.verifyAccessToken(fast)).toMatchObject({ reason: 'invalid', why: 'clock' })
  // A slow machine takes seconds to come here.
  const bySeconds = expect.closeTo(3300, -2)
  expect(await server.auth.verifyAccessToken(await by(-3600))).toMatchObject({ reason: 'expired', bySeconds })
  // What was refused is not remembered as if it had been good.
  server.forward(3600)
  expect(await server.auth.verifyAccessToken(fast)).toMatchObject({ ok: true })
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
  await server.database.run(
    `insert into jwks (id, "publicKey", "privateKey", "createdAt", alg, crv) values ('next', ?, '', ?, 'EdDSA', 'Ed25519')`,
    JSON.stringify(await exportJWK(pair.publicKey)),
    new Date().toISOString(),
  )
  const rotated = await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'EdDSA', kid: 'next' })
    .sign(pair.privateKey)
  expect(await server.auth.verifyAccessToken(rotated)).toMatchObject({ ok: true })
})

test('what was signed here is not verified, and what was signed elsewhere once, not once for each use', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  const { kid, key } = await realKey(server)
  const elsewhere = (jti: string) =>
    new SignJWT({ ...decodeJwt(token), jti }).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid }).sign(key)
  const [first, second] = [await elsewhere('1'), await elsewhere('2')]
  using counted = countVerifications()
  expect(await server.auth.verifyAccessToken(token)).toMatchObject({ ok: true })
  expect(counted).toMatchObject({ quick: 0, long: 0 })
  expect(await server.auth.verifyAccessToken(first)).toMatchObject({ ok: true })
  expect(await server.auth.verifyAccessToken(first)).toMatchObject({ ok: true })
  expect(counted).toMatchObject({ quick: 1, long: 0 })
  await server.auth.verifyAccessToken(second)
  expect(counted).toMatchObject({ quick: 2, long: 0 })
})

test('only what is written as we write it is verified the short way, and nothing is verified twice', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  await server.auth.verifyAccessToken((await server.auth.issueAccessToken(identity)).token)
  const good = decodeJwt(token)
  const { kid, key } = await realKey(server)
  const [header = '', body = '', signature = ''] = token.split('.')
  const ours = { alg: 'EdDSA', typ: 'JWT', kid }
  const sign = (claims: Record<string, unknown>, protectedHeader = ours) =>
    new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key)
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([claim]) => claim !== name))
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const hmac = (protectedHeader: { alg: string; typ: string; kid: string }) =>
    new SignJWT(good).setProtectedHeader(protectedHeader).sign(publicKey)
  const publicKey = Buffer.from(
    (await server.database.get<{ key: string }>('select "publicKey" as key from jwks'))?.key ?? '',
  )
  const flipped = Buffer.from(signature, 'base64url')
  flipped[0] = (flipped[0] ?? 0) ^ 1
  const now = Math.floor(server.clock() / 1000)
  const fine = { ok: true }
  const invalid = { ok: false, reason: 'invalid' }
  const expired = { ok: false, reason: 'expired' }

  const cases: readonly [what: string, token: string, answer: object, quick: number, long: number][] = [
    ['ours', token, fine, 0, 0],
    ['ours, as another process signs it', await sign({ ...good, jti: 'another' }), fine, 1, 0],
    ['the same claims in another order', await sign({ ...without('iss'), iss: good.iss }), fine, 1, 0],
    ['another order in the header', await sign(good, { kid, alg: 'EdDSA', typ: 'JWT' }), fine, 0, 1],
    ['a field more in the header', await sign(good, { ...ours, cty: 'x' } as typeof ours), fine, 0, 1],
    ['several audiences', await sign({ ...good, aud: ['other', audience] }), fine, 0, 1],
    ['valid since before', await sign({ ...good, nbf: now - 10 }), fine, 0, 1],
    ['valid from later', await sign({ ...good, nbf: now + 600 }), invalid, 0, 1],
    ['over this second', await sign({ ...good, exp: now }), expired, 0, 1],
    ['an end that is text', await sign({ ...good, exp: `${now + 60}` as never }), invalid, 0, 1],
    ['another audience', await sign({ ...good, aud: 'carillon:subscription' }), invalid, 0, 1],
    ['another issuer', await sign({ ...good, iss: 'http://127.0.0.1:8750' }), invalid, 0, 1],
    ['a kind that is none', await sign({ ...good, kind: 'root' }), invalid, 1, 0],
    ['another session', await sign({ ...good, sid: 'another' }), invalid, 1, 0],
    ['somebody else', await sign({ ...good, sub: 'somebody else' }), invalid, 1, 0],
    ...(await Promise.all(
      ['sub', 'jti', 'iat', 'exp', 'aud', 'iss', 'kind'].map(
        async (claim) => [`no ${claim}`, await sign(without(claim)), invalid, 0, 1] as const,
      ),
    ).then((rows) => rows.map((row) => [...row] as [string, string, object, number, number]))),
    ['no session', await sign(without('sid')), invalid, 1, 0],
    ['a signature with one bit wrong', `${header}.${body}.${flipped.toString('base64url')}`, invalid, 1, 0],
    ['a signature of zeros', `${header}.${body}.${Buffer.alloc(64).toString('base64url')}`, invalid, 1, 0],
    ['a short signature', `${header}.${body}.${signature.slice(0, -4)}`, invalid, 0, 1],
    ['no signature', `${header}.${body}.`, invalid, 0, 1],
    ['other claims under it', `${header}.${segment({ ...good, sid: 'x' })}.${signature}`, invalid, 1, 0],
    ['claims in letters that end in the same bytes', `${header}.${inOtherLetters(body)}.${signature}`, invalid, 0, 0],
    ['claims with padding', `${header}.${body}=.${signature}`, invalid, 0, 1],
    ['a signature that ends in bits that are none', `${header}.${body}.${withLooseBits(signature)}`, fine, 0, 1],
    ['claims that are a list', `${header}.${segment([good])}.${signature}`, invalid, 0, 1],
    ['a fourth part', `${token}.x`, invalid, 0, 0],
    ['padding, which `jose` lets pass', `${header}.${body}.${signature}==`, fine, 0, 1],
    ['no algorithm', `${segment({ ...ours, alg: 'none' })}.${body}.${signature}`, invalid, 0, 0],
    ['the public key as a secret', await hmac({ ...ours, alg: 'HS256' }), invalid, 0, 0],
    [
      'a hash under our header',
      `${header}.${body}.${(await hmac({ ...ours, alg: 'HS512' })).split('.')[2]}`,
      invalid,
      1,
      0,
    ],
    ['an unknown key', await sign(good, { ...ours, kid: 'unknown' }), invalid, 0, 0],
  ]
  for (const [what, presented, answer, quick, long] of cases) {
    using counted = countVerifications()
    expect([what, await server.auth.verifyAccessToken(presented)]).toMatchObject([what, answer])
    expect([what, { quick: counted.quick, long: counted.long }]).toEqual([what, { quick, long }])
  }
})

/** Each of which would be read as the letter before, were only its lowest byte looked at. */
function inOtherLetters(text: string): string {
  return text.replace(/./g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0x100))
}

/** The same bytes, written as nobody writes them. */
function withLooseBits(signature: string): string {
  const last = 'AQgw'.indexOf(signature.at(-1) ?? '')
  return `${signature.slice(0, -1)}${'BRhx'[last]}`
}

/** Signatures looked at, by `node:crypto` and by `jose`. */
function countVerifications() {
  const { verify } = nodeCrypto
  const { subtle } = crypto
  const long = subtle.verify
  const counted = {
    quick: 0,
    long: 0,
    [Symbol.dispose]() {
      nodeCrypto.verify = verify
      subtle.verify = long
      syncBuiltinESMExports()
    },
  }
  nodeCrypto.verify = ((...args: Parameters<typeof verify>) => {
    counted.quick += 1
    return verify(...args)
  }) as typeof verify
  subtle.verify = (...args) => {
    counted.long += 1
    return long.apply(subtle, args)
  }
  syncBuiltinESMExports()
  return counted
}
