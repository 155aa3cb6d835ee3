import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientSettings } from '#server/config/client.ts'
import { baseUrl, signedIn, startAuth } from './auth-fixture.ts'

const secret = 'a secret of the site, 32 bytes...'
const previous = 'the secret of the site before it.'
const now = () => Math.floor(Date.now() / 1000)
const bytes = (text: string) => new TextEncoder().encode(text)

const signed = (payload: JWTPayload, key: string = secret, alg = 'HS256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(bytes(key))

const startSite = (token: object = { hmac_secret_key: secret }, more: object = {}) =>
  startAuth({ client: clientSettings.parse({ token, ...more }) })

/** The site's public keys, served over HTTP. */
const serveKeys = (keys: () => unknown) =>
  serveSite((response) => {
    const body = keys()
    response.writeHead(body === undefined ? 500 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? {}))
  })

async function serveSite(answer: (response: ServerResponse, path: string) => void) {
  const served = { requests: 0, url: '' }
  const server = createServer((request, response) => {
    served.requests += 1
    answer(response, request.url ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  return served
}

describe('connection tokens of the site', () => {
  test('what they claim is read: the user, the end, what others see, and channels', async () => {
    await using server = await startSite()
    const exp = now() + 60
    const subs = { 'news:b': { info: { seat: 4 }, data: [1], override: { presence: { value: false } } } }
    const claims = { sub: 'ada', exp, iat: 1, jti: 'x', info: { name: 'Ada' }, meta: { plan: 'gold' } }
    const token = await signed({ ...claims, channels: ['news:a', 'news:b'], subs })
    expect(await server.auth.verifyConnectionToken(token)).toEqual({
      ok: true,
      identity: { kind: 'external', userId: 'ada', name: 'ada', info: '{"name":"Ada"}', meta: { plan: 'gold' } },
      expiresAt: exp,
      grants: [
        { channel: 'news:a', info: null, data: null, override: {} },
        { channel: 'news:b', info: '{"seat":4}', data: '[1]', override: { presence: false } },
      ],
    })
  })

  test.each(['HS256', 'HS384', 'HS512'])('%s is taken', async (alg) => {
    await using server = await startSite()
    expect(await server.auth.verifyConnectionToken(await signed({ sub: 'ada' }, secret, alg))).toMatchObject({
      ...{ ok: true, expiresAt: null },
    })
  })

  test.each<[string, JWTPayload, unknown]>([
    ['an end of its own', { exp: now() + 60, expire_at: now() + 600 }, { ok: true, expiresAt: now() + 600 }],
    ['no end', { exp: now() + 60, expire_at: 0 }, { ok: true, expiresAt: null }],
    ['an end that has passed', { expire_at: now() - 1 }, { ok: false, reason: 'expired' }],
    ['exp in the past', { exp: now() - 1 }, { ok: false, reason: 'expired' }],
    ['a clock that is a minute fast', { iat: now() + 59, nbf: now() + 59 }, { ok: true }],
    ['iat an hour ahead', { iat: now() + 3600 }, { ok: false, reason: 'invalid', why: 'clock' }],
    ['nbf an hour ahead', { nbf: now() + 3600 }, { ok: false, reason: 'invalid', why: 'clock' }],
    ['a clock that is a minute slow', { iat: now() - 59, exp: now() + 60 }, { ok: true }],
    ['a clock that is an hour slow', { iat: now() - 3600, exp: now() - 3000 }, { ok: false, reason: 'expired' }],
    ['nbf that is no number', { nbf: 'soon' as never }, { ok: false, reason: 'invalid' }],
    ['a channel', { channel: 'news:a' }, { ok: false, reason: 'invalid' }],
    ['a user id that is no text', { sub: 7 as never }, { ok: false, reason: 'invalid' }],
    ['b64info', { b64info: btoa('{"n": 1}') }, { ok: true, identity: { info: '{"n":1}' } }],
    ['b64info that is not JSON', { b64info: btoa('{') }, { ok: false, reason: 'invalid' }],
    ['b64info that is not base 64', { b64info: '%' }, { ok: false, reason: 'invalid' }],
    ['channels that are no list', { channels: 'news:a' }, { ok: false, reason: 'invalid' }],
    ['no user', {}, { ok: true, identity: { userId: '' } }],
  ])('with %s', async (_, claims, outcome) => {
    await using server = await startSite()
    expect(await server.auth.verifyConnectionToken(await signed(claims))).toMatchObject(outcome as object)
  })

  test('tokens without a user are refused where the configuration says so', async () => {
    await using server = await startSite(undefined, { disallow_anonymous_connection_tokens: true })
    expect(await server.auth.verifyConnectionToken(await signed({}))).toMatchObject({ ok: false, reason: 'anonymous' })
    expect(await server.auth.verifyConnectionToken(await signed({ sub: 'ada' }))).toMatchObject({ ok: true })
  })

  test('audience and issuer are checked when they are configured', async () => {
    await using server = await startSite({ hmac_secret_key: secret, audience: 'bells', issuer: 'shop' })
    const outcomeOf = async (claims: JWTPayload) => server.auth.verifyConnectionToken(await signed(claims))
    expect(await outcomeOf({ aud: 'bells', iss: 'shop' })).toMatchObject({ ok: true })
    for (const claims of [{ aud: 'bells' }, { iss: 'shop' }, { aud: 'x', iss: 'shop' }, { aud: 'bells', iss: 'x' }]) {
      expect(await outcomeOf(claims)).toMatchObject({ ok: false, reason: 'invalid' })
    }
  })

  test('the log can say what is wrong with one', async () => {
    await using server = await startSite({ hmac_secret_key: secret, audience: 'bells', issuer: 'shop' })
    const fitting = { sub: 'ada', aud: 'bells', iss: 'shop' }
    const tokens = {
      malformed: ['', 'a.b.c'],
      'bad signature': [await signed(fitting, previous)],
      'wrong audience': [await signed({ ...fitting, aud: 'x' }), await signed({ iss: 'shop' })],
      'wrong issuer': [await signed({ ...fitting, iss: 'x' })],
      'unknown key': [new UnsecuredJWT(fitting).encode()],
      claims: [await signed({ ...fitting, channel: 'news:a' })],
    }
    for (const [why, wrong] of Object.entries(tokens)) {
      for (const token of wrong) expect(await server.auth.verifyConnectionToken(token)).toMatchObject({ why })
    }
  })

  test('the secret before is taken too, until its time is over', async () => {
    const until = now() + 60
    await using server = await startSite({
      ...{ hmac_secret_key: secret, hmac_previous_secret_key: previous, hmac_previous_secret_key_valid_until: until },
    })
    const [old, wrong] = [await signed({ sub: 'ada' }, previous), await signed({ sub: 'ada' }, `${previous}!`)]
    expect(await server.auth.verifyConnectionToken(old)).toMatchObject({ ok: true })
    expect(await server.auth.verifyConnectionToken(wrong)).toMatchObject({ ok: false, reason: 'invalid' })
    server.forward(61)
    expect(await server.auth.verifyConnectionToken(old)).toMatchObject({ ok: false, reason: 'invalid' })
    expect(await server.auth.verifyConnectionToken(await signed({ sub: 'ada' }))).toMatchObject({ ok: true })
  })

  test('nothing is taken without a key, and nothing of a secret is logged', async () => {
    await using without = await startAuth()
    expect(await without.auth.verifyConnectionToken(await signed({ sub: 'ada' }))).toMatchObject({
      ...{ ok: false, reason: 'invalid', why: 'unknown key' },
    })
    await using server = await startSite()
    const token = await signed({ sub: 'ada' })
    await server.auth.verifyConnectionToken(token)
    expect(server.logged()).not.toMatch(new RegExp(`${secret}|${token}`))
  })
})

describe('keys of the site', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('%s is verified with the public key it names', async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const keys = await serveKeys(() => ({ keys: [jwk] }))
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg, use: 'sig' }
    await using server = await startSite({ jwks_public_endpoint: keys.url })
    const token = (kid: string) => new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg, kid }).sign(privateKey)
    expect(await server.auth.verifyConnectionToken(await token('k1'))).toMatchObject({ ok: true })
    expect(await server.auth.verifyConnectionToken(await token('k2'))).toMatchObject({ ok: false, reason: 'invalid' })
    for (let n = 0; n < 5; n++) await server.auth.verifyConnectionToken(await token('k1'))
    expect(keys.requests).toBe(1)
  })

  test('a public key is no secret: what is signed with its text is refused', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }
    const keys = await serveKeys(() => ({ keys: [jwk] }))
    await using server = await startSite({ jwks_public_endpoint: keys.url, hmac_secret_key: secret })
    for (const text of [await exportSPKI(publicKey), JSON.stringify(jwk), jwk.n ?? '']) {
      const forged = await new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(bytes(text))
      expect(await server.auth.verifyConnectionToken(forged)).toMatchObject({ ok: false, reason: 'invalid' })
    }
  })

  test('when they cannot be had, the fault is not told as the token’s', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }
    let answer: unknown
    const keys = await serveKeys(() => answer)
    await using server = await startSite({ jwks_public_endpoint: keys.url })
    const token = await new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey)
    await expect(server.auth.verifyConnectionToken(token)).rejects.toThrow(/200 OK/)
    server.forward(1)
    answer = { no: 'keys' }
    await expect(server.auth.verifyConnectionToken(token)).rejects.toThrow(/JSON Web Key Set/)
    server.forward(1)
    answer = { keys: [jwk] }
    expect(await server.auth.verifyConnectionToken(token)).toMatchObject({ ok: true })
  })
})

describe('a site that does not answer with its keys', () => {
  const anyToken = async () => {
    const { privateKey } = await generateKeyPair('ES256')
    return new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey)
  }

  test('is asked once a second, however many tokens come', async () => {
    const site = await serveKeys(() => undefined)
    await using server = await startSite({ jwks_public_endpoint: site.url })
    const token = await anyToken()
    for (let n = 0; n < 5; n++) await expect(server.auth.verifyConnectionToken(token)).rejects.toThrow()
    expect(site.requests).toBe(1)
    server.forward(1)
    await expect(server.auth.verifyConnectionToken(token)).rejects.toThrow(/200 OK/)
    expect(site.requests).toBe(2)
  })

  test('is not followed elsewhere', async () => {
    const paths: string[] = []
    const site = await serveSite((response, path) => {
      paths.push(path)
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    await using server = await startSite({ jwks_public_endpoint: site.url })
    await expect(server.auth.verifyConnectionToken(await anyToken())).rejects.toThrow(/302/)
    expect(paths).toEqual(['/jwks.json'])
  })

  test('is not read for ever', async () => {
    const closed = Promise.withResolvers<void>()
    const site = await serveSite((response) => {
      response.once('close', closed.resolve)
      const pour = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', pour)
      }
      pour()
    })
    await using server = await startSite({ jwks_public_endpoint: site.url })
    await expect(server.auth.verifyConnectionToken(await anyToken())).rejects.toThrow(/larger than/)
    await closed.promise
  })
})

describe('no token passes for another', () => {
  test('one that is not signed, changed, or none at all', async () => {
    await using server = await startSite()
    const good = await signed({ sub: 'ada' })
    const [header, , signature] = good.split('.')
    const changed = [header, btoa('{"sub":"eve"}').replace(/=+$/, ''), signature].join('.')
    const none = new UnsecuredJWT({ sub: 'ada' }).encode()
    const twisted = [btoa('{"alg":"NONE"}'), btoa('{"sub":"ada"}'), ''].join('.')
    for (const token of [none, twisted, changed, `${good}x`, '', 'a', 'a.b', 'a.b.c', '..', good.repeat(99)]) {
      expect(await server.auth.verifyConnectionToken(token), token.slice(0, 40)).toMatchObject({
        ok: false,
        reason: 'invalid',
      })
      expect(await server.auth.verifySubscriptionToken(token)).toMatchObject({ ok: false, reason: 'invalid' })
    }
  })

  test('with this server’s name on it the site’s key is worth nothing', async () => {
    await using server = await startSite()
    const ours = {
      iss: `${baseUrl}/api/auth`,
      aud: 'carillon:realtime',
      kind: 'local',
      name: 'x',
      jti: 'x',
      iat: now(),
    }
    const forged = await signed({ ...ours, sub: 'local', exp: now() + 60 })
    expect(await server.auth.verifyConnectionToken(forged)).toMatchObject({ ok: false, reason: 'invalid' })
    const forChannel = await signed({ ...ours, aud: 'carillon:subscription', sub: 'ada', channel: '$news:a' })
    expect(await server.auth.verifySubscriptionToken(forChannel)).toMatchObject({ ok: false, reason: 'invalid' })
  })

  test('this server’s public key is no secret, and no key of the site', async () => {
    await using server = await startSite()
    const { keys } = (await (
      await server.auth.handle(new Request(`${baseUrl}/api/auth/jwks`), '192.0.2.1')
    ).json()) as { keys: { x: string; kid: string }[] }
    const [key] = keys
    const claims = { iss: `${baseUrl}/api/auth`, aud: 'carillon:realtime', sub: 'local', kind: 'local', name: 'x' }
    for (const text of [JSON.stringify(key), key?.x ?? '']) {
      const forged = await new SignJWT({ ...claims, jti: 'x', iat: now(), exp: now() + 60 })
        .setProtectedHeader({ alg: 'HS256', kid: key?.kid ?? '' })
        .sign(bytes(text))
      expect(await server.auth.verifyConnectionToken(forged)).toMatchObject({ ok: false, reason: 'invalid' })
    }
  })

  test('a token that names a key of ours is looked at with that alone, whoever it says has issued it', async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true })
    const jwk = await exportJWK(publicKey)
    let kid = ''
    const keys = await serveKeys(() => ({ keys: [{ ...jwk, kid, alg: 'EdDSA' }] }))
    await using server = await startSite({ jwks_public_endpoint: keys.url })
    const { identity } = await signedIn(server.auth)
    const { token } = await server.auth.issueAccessToken(identity)
    expect(await server.auth.verifyConnectionToken(token)).toMatchObject({ ok: true })
    kid = decodeProtectedHeader(token).kid ?? ''
    const forged = await new SignJWT({ sub: 'ada', iss: 'https://site.example.org' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
      .sign(privateKey)
    expect(forged.split('.')[0]).toBe(token.split('.')[0])
    expect(await server.auth.verifyConnectionToken(forged)).toMatchObject({ ok: false, why: 'bad signature' })
    expect(keys.requests).toBe(0)
  })

  test('our own access tokens open sockets as before, and no channels', async () => {
    await using server = await startSite()
    const { identity } = await signedIn(server.auth)
    const { token } = await server.auth.issueAccessToken(identity)
    expect(await server.auth.verifyConnectionToken(token)).toMatchObject({ ok: true, identity, grants: [] })
    expect(await server.auth.verifySubscriptionToken(token)).toMatchObject({ ok: false, reason: 'invalid' })
    server.forward(301)
    expect(await server.auth.verifyConnectionToken(token)).toMatchObject({ ok: false, reason: 'expired' })
  })

  test('our own subscription tokens let one user into one channel, and open no sockets', async () => {
    await using server = await startAuth()
    const { token, expiresIn } = await server.auth.issueSubscriptionToken({
      ...{ userId: 'ada', channel: '$news:a', info: '{"seat":4}', lifetimeSeconds: 60 },
    })
    expect(expiresIn).toBe(60)
    expect(await server.auth.verifySubscriptionToken(token)).toMatchObject({
      ...{ ok: true, userId: 'ada', client: null },
      grant: { channel: '$news:a', info: '{"seat":4}', data: null, override: {} },
    })
    expect(await server.auth.verifyConnectionToken(token)).toMatchObject({ ok: false, reason: 'invalid' })
    server.forward(61)
    expect(await server.auth.verifySubscriptionToken(token)).toMatchObject({ ok: false, reason: 'expired' })
  })
})

describe('subscription tokens of the site', () => {
  test('what they claim is read', async () => {
    await using server = await startSite()
    const claims = { sub: 'ada', channel: '$news:a', client: 'c1', exp: now() + 60, info: { seat: 4 } }
    const token = await signed({ ...claims, override: { force_recovery: { value: true }, other: { value: 1 } } })
    expect(await server.auth.verifySubscriptionToken(token)).toEqual({
      ...{ ok: true, userId: 'ada', client: 'c1', expiresAt: claims.exp },
      grant: { channel: '$news:a', info: '{"seat":4}', data: null, override: { force_recovery: true } },
    })
  })

  test('without a channel it is none, and its end is seen', async () => {
    await using server = await startSite()
    const outcomeOf = async (claims: JWTPayload) => server.auth.verifySubscriptionToken(await signed(claims))
    expect(await outcomeOf({ sub: 'ada' })).toMatchObject({ ok: false, reason: 'invalid' })
    expect(await outcomeOf({ channel: '' })).toMatchObject({ ok: false, reason: 'invalid' })
    expect(await outcomeOf({ channel: 'a', exp: now() - 1 })).toMatchObject({ ok: false, reason: 'expired' })
    expect(await outcomeOf({ channel: 'a', nbf: now() + 3600 })).toMatchObject({
      ok: false,
      reason: 'invalid',
      why: 'clock',
    })
    expect(await outcomeOf({ channel: 'a', expire_at: now() - 1 })).toMatchObject({ ok: false, reason: 'expired' })
    expect(await outcomeOf({ channel: 'a', expire_at: 0 })).toMatchObject({ ok: true, userId: '', expiresAt: null })
  })

  test('they have keys of their own when these are configured', async () => {
    await using server = await startSite(
      { hmac_secret_key: secret },
      { subscription_token: { hmac_secret_key: previous } },
    )
    const [one, other] = [await signed({ channel: 'a' }), await signed({ channel: 'a' }, previous)]
    expect(await server.auth.verifySubscriptionToken(one)).toMatchObject({ ok: false, reason: 'invalid' })
    expect(await server.auth.verifySubscriptionToken(other)).toMatchObject({ ok: true })
  })
})
