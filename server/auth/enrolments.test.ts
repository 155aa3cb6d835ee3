import { expect, test } from 'vitest'
import { address, baseUrl, bearer, enrolled, identityOf, kiosk, operator, signedIn, startAuth } from './auth-fixture.ts'
import type { Identity } from './identity.ts'

const tight = { live: 5, livePerAddress: 3, looksPerMinute: 4 }

test('a kiosk gets a code for people and a secret for itself', async () => {
  await using server = await startAuth()
  const answer = await server.auth.enrolments.start(kiosk, address)
  expect(answer).toEqual({
    device_code: expect.stringMatching(/^[\w-]{43}$/),
    user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
    verification_uri: `${baseUrl}/enrol`,
    verification_uri_complete: `${baseUrl}/enrol?code=${answer.user_code}`,
    expires_in: 600,
    interval: 2,
  })
  const rows = JSON.stringify(await server.database.all('select * from enrolments'))
  expect(rows).not.toContain(answer.device_code)
})

test('from the code to a session of its own: pending, approved, redeemed', async () => {
  await using server = await startAuth()
  const { auth, forward } = server
  const { enrolments } = auth
  const { identity: ada } = await signedIn(auth)
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  await expect(enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'authorization_pending', retryAfter: 2 })

  const typed = user_code.toLowerCase().replace('-', ' ')
  expect(await enrolments.view(typed, ada)).toMatchObject({ userCode: user_code, ...kiosk, address })
  const device = await enrolments.approve(typed, 'lobby-1', ada)
  expect(device).toEqual({ id: expect.any(String), name: 'lobby-1' })

  forward(2)
  const answer = await enrolments.redeem(device_code)
  expect(answer.device).toEqual(device)
  expect(Date.parse(answer.expiresAt)).toBeGreaterThan(server.clock() + 399 * 24 * 3600 * 1000)
  const found = await identityOf(auth, answer.token)
  expect(found).toMatchObject({ kind: 'device', role: 'device', name: 'lobby-1', device })
  expect(found.userId).not.toBe(ada.userId)
  expect(await auth.devices.list()).toEqual([
    {
      ...device,
      ...kiosk,
      address,
      userId: found.userId,
      enrolledAt: expect.stringMatching(/Z$/),
      enrolledBy: 'Ada',
      lastSeenAt: null,
      storage: null,
      credentialSince: expect.stringMatching(/Z$/),
      rotating: false,
    },
  ])

  forward(2)
  await expect(enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'expired_token' })
  await expect(enrolments.view(user_code, ada)).rejects.toMatchObject({ code: 'enrolment_decided' })
})

test('a refused kiosk is told so', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  await enrolments.deny(user_code, operator)
  await expect(enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'access_denied' })
  for (const decide of [
    () => enrolments.approve(user_code, 'lobby-1', operator),
    () => enrolments.deny(user_code, operator),
    () => enrolments.view(user_code, operator),
  ]) {
    await expect(decide()).rejects.toMatchObject({ code: 'enrolment_decided' })
  }
  expect(await server.auth.devices.list()).toEqual([])
})

test('a code lives for 10 minutes', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  server.forward(599)
  await enrolments.view(user_code, operator)
  server.forward(1)
  const expired = { code: 'expired_code' }
  await expect(enrolments.view(user_code, operator)).rejects.toMatchObject(expired)
  await expect(enrolments.approve(user_code, 'lobby-1', operator)).rejects.toMatchObject(expired)
  await expect(enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'expired_token' })
})

test('an approved code is not redeemed after it has expired', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  await enrolments.approve(user_code, 'lobby-1', operator)
  server.forward(600)
  await expect(enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'expired_token' })
})

test.each(['', 'BBBB-BBBB', 'AEIO-0101', 'BCDF', 'BCDF-GHJK-LMNP', "' or 1=1 --"])(
  'the code "%s" is unknown',
  async (typed) => {
    await using server = await startAuth()
    await server.auth.enrolments.start(kiosk, address)
    const unknown = { code: 'unknown_code' }
    await expect(server.auth.enrolments.view(typed, operator)).rejects.toMatchObject(unknown)
    await expect(server.auth.enrolments.approve(typed, 'lobby-1', operator)).rejects.toMatchObject(unknown)
    await expect(server.auth.enrolments.deny(typed, operator)).rejects.toMatchObject(unknown)
  },
)

test('an unknown device code is answered like an expired one', async () => {
  await using server = await startAuth()
  await expect(server.auth.enrolments.redeem('guess')).rejects.toMatchObject({ code: 'expired_token' })
})

test('a kiosk that polls too fast is slowed down by 5 seconds each time', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  const poll = () => enrolments.redeem(device_code)
  await expect(poll()).rejects.toMatchObject({ code: 'authorization_pending' })
  server.forward(1)
  await expect(poll()).rejects.toMatchObject({ code: 'slow_down', retryAfter: 7 })
  server.forward(2)
  await expect(poll()).rejects.toMatchObject({ code: 'slow_down', retryAfter: 12 })
  server.forward(12)
  await expect(poll()).rejects.toMatchObject({ code: 'authorization_pending', retryAfter: 12 })
  await enrolments.approve(user_code, 'lobby-1', operator)
  server.forward(12)
  expect(await poll()).toHaveProperty('token')
})

test('a poll that comes a fifth early is in time', async () => {
  await using server = await startAuth()
  const { device_code } = await server.auth.enrolments.start(kiosk, address)
  for (let polls = 0; polls < 3; polls++) {
    await expect(server.auth.enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'authorization_pending' })
    server.forward(1.7)
  }
})

test('of two polls at the same time one gets the session, and there is only one', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  await enrolments.approve(user_code, 'lobby-1', operator)
  const outcomes = await Promise.allSettled([enrolments.redeem(device_code), enrolments.redeem(device_code)])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  // The other has found the code approved as well, or that there was a poll just now.
  const code = expect.stringMatching(/^(expired_token|slow_down)$/)
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code } })
  expect(await server.database.get('select count(*) as n from session')).toEqual({ n: 1 })
})

test('a name is given to one device; the code can still be approved with another', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  await enrolled(server.auth, 'lobby-1')
  const { user_code } = await enrolments.start(kiosk, address)
  await expect(enrolments.approve(user_code, 'lobby-1', operator)).rejects.toMatchObject({
    code: 'already_exists',
    message: expect.stringContaining('lobby-1'),
  })
  // The account that would have gone with it is not left behind.
  expect(await server.database.get('select count(*) as n from "user"')).toEqual({ n: 1 })
  expect(await enrolments.approve(user_code, 'lobby-2', operator)).toMatchObject({ name: 'lobby-2' })
})

test('of two who approve one code at the same time one does', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { user_code } = await enrolments.start(kiosk, address)
  const outcomes = await Promise.allSettled([
    enrolments.approve(user_code, 'lobby-1', operator),
    enrolments.approve(user_code, 'lobby-2', operator),
  ])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'enrolment_decided' } })
  expect(await server.auth.devices.list()).toHaveLength(1)
})

test('viewers and devices cannot decide, whoever let them come this far', async () => {
  await using server = await startAuth()
  const { enrolments } = server.auth
  const { user_code } = await enrolments.start(kiosk, address)
  const viewer: Identity = { kind: 'user', userId: 'v', sessionId: 's', name: 'V', email: 'v@x.org', role: 'viewer' }
  const { token } = await enrolled(server.auth)
  for (const by of [viewer, await identityOf(server.auth, token)]) {
    const forbidden = { code: 'forbidden' }
    await expect(enrolments.view(user_code, by)).rejects.toMatchObject(forbidden)
    await expect(enrolments.approve(user_code, 'lobby-9', by)).rejects.toMatchObject(forbidden)
    await expect(enrolments.deny(user_code, by)).rejects.toMatchObject(forbidden)
  }
})

test('codes waiting for a decision are bounded, for an address and in all', async () => {
  await using server = await startAuth({ limits: { enrolment: tight } })
  const { enrolments } = server.auth
  const first = await enrolments.start(kiosk, address)
  for (let n = 0; n < 2; n++) await enrolments.start(kiosk, address)
  await expect(enrolments.start(kiosk, address)).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 600 })
  for (let n = 0; n < 2; n++) await enrolments.start(kiosk, `192.0.2.${100 + n}`)
  await expect(enrolments.start(kiosk, '192.0.2.200')).rejects.toMatchObject({ code: 'rate_limited' })
  await enrolments.deny(first.user_code, operator)
  expect(await enrolments.start(kiosk, address)).toHaveProperty('user_code')
  server.forward(600)
  expect(await enrolments.start(kiosk, address)).toHaveProperty('user_code')
})

test('an IPv6 site has the codes of one address, however many it has', async () => {
  await using server = await startAuth({ limits: { enrolment: tight } })
  const { enrolments } = server.auth
  for (let n = 1; n <= 3; n++) await enrolments.start(kiosk, `2001:db8:0:1::${n}`)
  await expect(enrolments.start(kiosk, '2001:db8:0:1:ffff::9')).rejects.toMatchObject({ code: 'rate_limited' })
  expect(await enrolments.start(kiosk, '2001:db8:0:2::1')).toHaveProperty('user_code')
  const waiting = (await enrolments.waiting()).map((each) => each.address)
  expect(waiting).toContain('2001:db8:0:1::3')
})

test('somebody who tries many codes has to wait', async () => {
  await using server = await startAuth({ limits: { enrolment: tight } })
  const { enrolments } = server.auth
  const { user_code } = await enrolments.start(kiosk, address)
  for (let guesses = 0; guesses < 4; guesses++) {
    await expect(enrolments.view('BCDF-GHJK', operator)).rejects.toMatchObject({ code: 'unknown_code' })
  }
  await expect(enrolments.view(user_code, operator)).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 60 })
  const other: Identity = { ...operator, kind: 'user', userId: 'o', sessionId: 's', email: 'o@x.org', role: 'operator' }
  expect(await enrolments.view(user_code, other)).toMatchObject({ userCode: user_code })
  server.forward(60)
  expect(await enrolments.view(user_code, operator)).toMatchObject({ userCode: user_code })
})

test('a device removed before it came for its session is refused', async () => {
  await using server = await startAuth()
  const { enrolments, devices } = server.auth
  const { device_code, user_code } = await enrolments.start(kiosk, address)
  const { id } = await enrolments.approve(user_code, 'lobby-1', operator)
  await devices.remove(id)
  await expect(enrolments.redeem(device_code)).rejects.toMatchObject({ code: 'access_denied' })
})

test('a pending code survives a restart of the server', async () => {
  const before = await startAuth()
  const { device_code, user_code } = await before.auth.enrolments.start(kiosk, address)
  await before[Symbol.asyncDispose]()
  await using after = await startAuth({ path: before.path })
  await after.auth.enrolments.approve(user_code, 'lobby-1', operator)
  const { token } = await after.auth.enrolments.redeem(device_code)
  expect(await after.auth.identify(bearer(token))).toMatchObject({ identity: { kind: 'device' } })
})
