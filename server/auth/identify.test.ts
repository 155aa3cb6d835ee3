import { expect, test } from 'vitest'
import { sessionSettings } from '#server/config/sign-ins.ts'
import {
  ada,
  address,
  bearer,
  browserSignedIn,
  cookiesOf,
  enrolled,
  identityOf,
  operator,
  password,
  signedIn,
  startAuth,
} from './auth-fixture.ts'
import { signSessionToken } from './session-token.ts'

const day = 24 * 3600

test('nobody is identified by no credential at all, or by one that is not for us', async () => {
  await using server = await startAuth()
  expect(await server.auth.identify(new Headers())).toBeNull()
  expect(await server.auth.identify(new Headers({ authorization: 'Basic YTpi', cookie: 'theme=dark' }))).toBeNull()
})

test('a session token is accepted only with the signature of this server', async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  const bare = decodeURIComponent(token).split('.')[0] ?? ''
  const forged = [bare, `${bare}.`, `${bare}.AAAA`, signSessionToken(bare, 'another secret'), '%', 'x.y']
  for (const presented of forged) {
    await expect(server.auth.identify(bearer(presented))).rejects.toMatchObject({ code: 'invalid_token' })
  }
  expect(await server.auth.identify(bearer(encodeURIComponent(decodeURIComponent(token))))).not.toBeNull()
})

test('a bearer that is not valid is refused even beside a valid cookie', async () => {
  await using server = await startAuth()
  await server.auth.users.create(ada)
  const headers = bearer('nothing.useful')
  headers.set('cookie', await browserSignedIn(server.auth))
  await expect(server.auth.identify(headers)).rejects.toMatchObject({ code: 'invalid_token' })
})

test('an access token for the socket is no bearer for the API', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { token } = await server.auth.issueAccessToken(identity)
  await expect(server.auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
})

test("a browser's session that is used stays, for 30 days; one that is not used for a week ends", async () => {
  await using server = await startAuth()
  const kind = async (cookie: string) => (await server.auth.identify(new Headers({ cookie })))?.identity.kind
  await server.auth.users.create(ada)
  const [usedCookie, unusedCookie] = [await browserSignedIn(server.auth), await browserSignedIn(server.auth)]
  for (const days of [6, 2, 6, 6, 6]) {
    server.forward(days * day)
    expect(await kind(usedCookie)).toBe('user')
  }
  expect(await kind(unusedCookie)).toBeUndefined()
  server.forward(4 * day + 1)
  expect(await kind(usedCookie)).toBeUndefined()
})

test("a program's session that is used stays, for a year; one that is not used for 90 days ends", async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  const unused = await server.auth.signIn(ada.email, password, address)
  expect(Date.parse(unused.expiresAt) - Date.now()).toBeGreaterThan(89 * day * 1000)
  for (const days of [89, 2, 89, 89, 89]) {
    server.forward(days * day)
    expect(await identityOf(server.auth, token)).toMatchObject({ kind: 'user' })
  }
  await expect(server.auth.identify(bearer(unused.token))).rejects.toMatchObject({ code: 'invalid_token' })
  server.forward(7 * day + 1)
  await expect(server.auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
})

test('how long sessions last is a setting, which holds for those that exist', async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  await using later = await startAuth({ path: server.path, session: sessionSettings.parse({ program_idle: '5m' }) })
  expect(await identityOf(later.auth, token)).toMatchObject({ kind: 'user' })
  later.forward(301)
  await expect(later.auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
})

test('a device stays signed in for years, as long as it is used', async () => {
  await using server = await startAuth()
  const { token } = await enrolled(server.auth)
  for (let year = 0; year < 3; year++) {
    server.forward(365 * day)
    expect(await identityOf(server.auth, token)).toMatchObject({ kind: 'device', role: 'device' })
  }
  server.forward(401 * day)
  await expect(server.auth.identify(bearer(token))).rejects.toMatchObject({ code: 'invalid_token' })
})

test('the token of a program or of a screen is no cookie', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token } = await signedIn(auth)
  const [own = ''] = (await browserSignedIn(auth)).split('; ')
  const [name] = own.split('=')
  const as = (value: string) => auth.identify(new Headers({ cookie: `${name}=${encodeURIComponent(value)}` }))
  expect(await as(token)).toBeNull()
  expect(await as((await enrolled(auth)).token)).toBeNull()
  expect(await as(decodeURIComponent(own.slice(own.indexOf('=') + 1)))).toMatchObject({ by: 'cookie' })
})

test('a use is written down once a minute, and the browser gets its cookie anew then', async () => {
  await using server = await startAuth()
  const { auth } = server
  await auth.users.create(ada)
  const given = await auth.signInBrowser(ada.email, password, address)
  const headers = new Headers({ cookie: cookiesOf(given) })
  expect((await auth.identify(headers))?.cookies).toEqual([])
  server.forward(61)
  const renewed = (await auth.identify(headers))?.cookies ?? []
  expect(renewed).toEqual(given.slice(0, 1))
  expect((await auth.identify(headers))?.cookies).toEqual([])
})

test('what somebody may do is read anew with each request', async () => {
  await using server = await startAuth()
  const { token, user } = await signedIn(server.auth)
  await server.database.run(`update "user" set role = 'viewer', name = 'Ada L.' where id = ?`, user.id)
  expect(await identityOf(server.auth, token)).toMatchObject({ role: 'viewer', name: 'Ada L.' })
})

test('a device carries its name and id', async () => {
  await using server = await startAuth()
  const { token, device } = await enrolled(server.auth, 'lobby-1')
  expect(await identityOf(server.auth, token)).toEqual({
    kind: 'device',
    userId: expect.any(String),
    sessionId: expect.any(String),
    name: 'lobby-1',
    role: 'device',
    device: { id: device.id, name: 'lobby-1' },
  })
})

test('an API key identifies a service with its scopes', async () => {
  await using server = await startAuth()
  const { id, key } = await server.auth.keys.create('weather', ['publish'], operator)
  expect(await server.auth.identify(new Headers({ 'x-api-key': key }))).toEqual({
    identity: {
      kind: 'key',
      userId: expect.any(String),
      keyId: id,
      name: 'weather',
      role: 'operator',
      scopes: ['publish'],
    },
    by: 'key',
    cookies: [],
  })
})
