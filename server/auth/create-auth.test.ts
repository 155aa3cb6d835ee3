import { expect, test } from 'vitest'
import {
  ada,
  address,
  bearer,
  cookiesOf,
  enrolled,
  identityOf,
  operator,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'

test('after a restart every token still verifies, and what was revoked stays revoked', async () => {
  const before = await startAuth()
  const { token, identity } = await signedIn(before.auth)
  const ended = await before.auth.signIn(ada.email, password, address)
  const endedIdentity = (await before.auth.identify(bearer(ended.token)))?.identity ?? operator
  const kiosk = await enrolled(before.auth)
  const { key } = await before.auth.keys.create('weather', ['publish'], operator)
  const access = await before.auth.issueAccessToken(identity)
  const endedAccess = await before.auth.issueAccessToken(endedIdentity)
  if (endedIdentity.kind === 'user') await before.auth.endSession(endedIdentity.sessionId)
  await before[Symbol.asyncDispose]()

  await using after = await startAuth({ path: before.path })
  const { auth } = after
  expect(await auth.identify(bearer(token))).toMatchObject({ identity })
  expect(await auth.identify(bearer(kiosk.token))).toMatchObject({ identity: { device: kiosk.device } })
  expect(await auth.identify(new Headers({ 'x-api-key': key }))).toMatchObject({ by: 'key' })
  expect(await auth.verifyAccessToken(access.token)).toMatchObject({ ok: true, identity })
  expect(await auth.verifyAccessToken(endedAccess.token)).toMatchObject({ ok: false, reason: 'invalid' })
  await expect(auth.identify(bearer(ended.token))).rejects.toMatchObject({ code: 'invalid_token' })
  const next = await auth.issueAccessToken(identity)
  expect(await auth.verifyAccessToken(next.token)).toMatchObject({ ok: true })
  expect(await auth.setup.isDone()).toBe(true)
})

test('with another secret the sessions of before are void', async () => {
  const before = await startAuth()
  const { token } = await signedIn(before.auth)
  await before[Symbol.asyncDispose]()
  await using after = await startAuth({ path: before.path, secret: 't'.repeat(43) })
  await expect(after.auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
})

test('no secret is in the log, however much it says', async () => {
  await using server = await startAuth()
  const { auth } = server
  const setupToken = await auth.setup.createToken()
  const { cookies } = await auth.setup.complete({ token: setupToken, ...ada }, address)
  const { token } = await auth.signIn(ada.email, password, address)
  const wrong = 'wrong horse battery'
  await auth.signIn(ada.email, wrong, address).catch(() => {})
  await auth.signInBrowser(ada.email, wrong, address).catch(() => {})
  const totp = await auth.secondFactor.beginTotp(await identityOf(auth, token), password)
  const kiosk = await enrolled(auth)
  const { key, id } = await auth.keys.create('weather', ['publish'], operator)
  const identity = (await auth.identify(bearer(token)))?.identity ?? operator
  const access = await auth.issueAccessToken(identity)
  const { ticket } = await auth.tickets.issue(identity)
  await auth.verifyAccessToken(`${access.token}x`)
  await auth.identify(bearer(`${token}x`)).catch(() => {})
  await auth.keys.revoke(id)
  await auth.devices.remove(kiosk.device.id)
  if (identity.kind === 'user') await auth.endSession(identity.sessionId)

  const log = server.logged()
  expect(log).toContain('revoked')
  expect(log).toContain('sign_in')
  const secrets = [
    setupToken,
    cookiesOf(cookies),
    token,
    kiosk.token,
    key,
    access.token,
    ticket,
    password,
    wrong,
    totp.secret,
  ]
  // A signed token is its bare form and a signature: neither may show.
  const parts = secrets.flatMap((secret) => [secret, ...secret.split('.')]).filter((part) => part.length >= 10)
  for (const part of [...parts, 's'.repeat(43)]) expect(log).not.toContain(part)
})

test('a listener that fails does not keep others from hearing of a revocation', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const heard: unknown[] = []
  server.auth.onRevoked(() => {
    throw new Error('a socket was closed already')
  })
  const stop = server.auth.onRevoked((news) => heard.push(news))
  const sessionId = identity.kind === 'user' ? identity.sessionId : ''
  await server.auth.endSession(sessionId)
  expect(heard).toEqual([{ kind: 'session', sessionId }])
  expect(server.logged()).toContain('a listener for revocations failed')
  await server.auth.endSession(sessionId)
  stop()
  await enrolled(server.auth)
  await server.auth.devices.remove((await server.auth.devices.list())[0]?.id ?? '')
  expect(heard).toHaveLength(1)
})
