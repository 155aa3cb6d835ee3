import { createOTP } from '@better-auth/utils/otp'
import { expect, test } from 'vitest'
import type { Auth } from './auth.ts'
import { ada, address, bearer, enrolled, identityOf, operator, password, signedIn, startAuth } from './auth-fixture.ts'
import type { Identity } from './identity.ts'

type Server = Awaited<ReturnType<typeof startAuth>>

/** What the app on the telephone shows when it is so many seconds later. */
function codeOf(server: Server, secret: string, laterSeconds = 0): Promise<string> {
  return createOTP(Buffer.from(base32(secret))).hotp(Math.floor((server.clock() / 1000 + laterSeconds) / 30))
}

function base32(text: string): Uint8Array {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

/** Ada with an authenticator app. */
async function withTotp(server: Server) {
  const { identity, token, user } = await signedIn(server.auth)
  const { secret, uri } = await server.auth.secondFactor.beginTotp(identity, password)
  const backupCodes = await server.auth.secondFactor.verifyTotp(identity, await codeOf(server, secret))
  // The code that turned it on is used up.
  server.forward(30)
  return { identity, token, user, secret, uri, backupCodes }
}

const signIn = (auth: Auth, code?: string) => auth.signIn(ada.email, password, address, { code })

test('with an authenticator app signing in takes a code as well, told only to who knows the password', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { secret, uri, token } = await withTotp(server)
  expect(uri).toMatch(/^otpauth:\/\/totp\/Carillon:ada%40example\.org\?secret=[A-Z2-7]{32}&issuer=Carillon/)
  const sessions = () => server.database.all('select id from session')
  const before = await sessions()
  for (const none of [undefined, '', ' ']) {
    await expect(signIn(auth, none)).rejects.toMatchObject({ code: 'code_required' })
  }
  await expect(signIn(auth, '000000')).rejects.toMatchObject({ code: 'wrong_code' })
  await expect(auth.signIn(ada.email, 'wrong', address, { code: await codeOf(server, secret) })).rejects.toMatchObject({
    code: 'wrong_credentials',
  })
  expect(await sessions()).toEqual(before)
  expect(await identityOf(auth, (await signIn(auth, await codeOf(server, secret))).token)).toMatchObject({
    kind: 'user',
  })
  expect(await auth.identify(bearer(token))).toMatchObject({ by: 'bearer' })
  expect((await auth.users.list()).items[0]).toMatchObject({ secondFactor: 'totp' })
})

test('a code is good once, also for two who send it at the same time, and none before it is after it', async () => {
  await using server = await startAuth()
  const { secret } = await withTotp(server)
  server.forward(90)
  const code = await codeOf(server, secret)
  const outcomes = await Promise.allSettled([signIn(server.auth, code), signIn(server.auth, code)])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  for (const used of [code, await codeOf(server, secret, -30)]) {
    await expect(signIn(server.auth, used)).rejects.toMatchObject({ code: 'wrong_code' })
  }
  expect(await signIn(server.auth, await codeOf(server, secret, 30))).toHaveProperty('token')
})

test('a code that was used on one node is refused on the other, and after a restart', async () => {
  await using server = await startAuth()
  const { secret } = await withTotp(server)
  const code = await codeOf(server, secret)
  expect(await signIn(server.auth, code)).toHaveProperty('token')
  await using other = await startAuth({ path: server.path })
  await expect(signIn(other.auth, code)).rejects.toMatchObject({ code: 'wrong_code' })
})

test.each([
  [-60, 'refused'],
  [-30, 'accepted'],
  [30, 'accepted'],
  [60, 'refused'],
])('the code of a clock that is %i seconds off is %s', async (seconds, outcome) => {
  await using server = await startAuth()
  const { secret } = await withTotp(server)
  server.forward(300)
  const attempt = signIn(server.auth, await codeOf(server, secret, seconds))
  if (outcome === 'accepted') expect(await attempt).toHaveProperty('token')
  else await expect(attempt).rejects.toMatchObject({ code: 'wrong_code' })
})

test('each of the ten back-up codes opens once, however it is written', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { backupCodes, identity } = await withTotp(server)
  expect(new Set(backupCodes).size).toBe(10)
  const [first = '', second = ''] = backupCodes
  expect(await signIn(auth, first.replace('-', ' ').toUpperCase())).toHaveProperty('token')
  await expect(signIn(auth, first)).rejects.toMatchObject({ code: 'wrong_code' })
  const outcomes = await Promise.allSettled([signIn(auth, second), signIn(auth, second)])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await auth.secondFactor.view(identity)).toMatchObject({ totp: true, backupCodesLeft: 8 })
})

test('new back-up codes take password and code, and void the old ones', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { backupCodes, identity, secret } = await withTotp(server)
  const { secondFactor } = auth
  await expect(secondFactor.renewBackupCodes(identity, password, undefined)).rejects.toMatchObject({
    code: 'code_required',
  })
  const code = await codeOf(server, secret)
  await expect(secondFactor.renewBackupCodes(identity, 'wrong', code)).rejects.toMatchObject({
    code: 'wrong_password',
  })
  const fresh = await secondFactor.renewBackupCodes(identity, password, code)
  await expect(signIn(auth, backupCodes[0])).rejects.toMatchObject({
    code: 'wrong_code',
    message: expect.not.stringContaining('Wait for the next one'),
  })
  expect(await signIn(auth, fresh[0])).toHaveProperty('token')
})

test('guessing codes locks the account like guessing passwords, and does not start over with the password', async () => {
  await using server = await startAuth()
  const { auth } = server
  await withTotp(server)
  const guess = (code?: string) =>
    auth.signIn(ada.email, password, '203.0.113.9', { code }).catch(({ code: refused }: { code: string }) => refused)
  const answers = []
  for (let n = 0; n < 6; n++) answers.push(await guess(), await guess(`00000${n}`))
  expect(answers.slice(0, 10).filter((answer) => answer === 'rate_limited')).toEqual([])
  expect(answers.slice(10)).toEqual(['rate_limited', 'rate_limited'])
})

test('somebody with a session that is not theirs guesses neither password nor code', async () => {
  await using server = await startAuth()
  const { identity } = await withTotp(server)
  const { secondFactor } = server.auth
  const outcomes = async (attempt: () => Promise<unknown>) => {
    const codes = []
    for (let n = 0; n < 11; n++) codes.push(await attempt().catch(({ code }: { code: string }) => code))
    return codes.slice(9)
  }
  expect(await outcomes(() => secondFactor.disableTotp(identity, password, '000000'))).toEqual([
    'wrong_code',
    'rate_limited',
  ])
  expect(await outcomes(() => secondFactor.disableTotp(identity, 'wrong', '000000'))).toEqual([
    'wrong_password',
    'rate_limited',
  ])
})

test('setting up changes nothing before a first code, and not what is set up', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity } = await signedIn(auth)
  await expect(auth.secondFactor.beginTotp(identity, 'wrong')).rejects.toMatchObject({ code: 'wrong_password' })
  const abandoned = await auth.secondFactor.beginTotp(identity, password)
  const { secret } = await auth.secondFactor.beginTotp(identity, password)
  expect(await signIn(auth)).toHaveProperty('token')
  for (const wrong of ['000000', await codeOf(server, abandoned.secret), 'aaaaa-aaaaa']) {
    await expect(auth.secondFactor.verifyTotp(identity, wrong)).rejects.toMatchObject({ code: 'wrong_code' })
  }
  await auth.secondFactor.verifyTotp(identity, await codeOf(server, secret))
  await expect(auth.secondFactor.beginTotp(identity, password)).rejects.toMatchObject({ code: 'already_exists' })
  server.forward(60)
  await auth.secondFactor.disableTotp(identity, password, await codeOf(server, secret))
  expect(await signIn(auth)).toHaveProperty('token')
  expect(await auth.secondFactor.view(identity)).toEqual({
    ...{ totp: false, backupCodesLeft: 0, passkeys: [], required: false, requiredFrom: null },
  })
})

test('neither the secret nor a back-up code is in the records or the log', async () => {
  await using server = await startAuth()
  const { secret, backupCodes } = await withTotp(server)
  const rows = JSON.stringify([
    await server.database.all('select * from totp'),
    await server.database.all('select * from backup_codes'),
    await server.database.all('select * from audit_entries'),
    server.logged(),
  ])
  const raw = Buffer.from(base32(secret)).toString('base64')
  for (const plain of [secret, raw, ...backupCodes]) expect(rows).not.toContain(plain)
})

test('an administrator takes away a second factor that was lost, and devices and keys have none', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, identity } = await withTotp(server)
  await expect(auth.secondFactor.reset(user.id, identity)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(signIn(auth)).rejects.toMatchObject({ code: 'code_required' })
  await auth.secondFactor.reset(user.id, operator)
  expect(await signIn(auth)).toHaveProperty('token')
  await expect(auth.secondFactor.reset('nobody', operator)).rejects.toMatchObject({ code: 'not_found' })
  const kiosk = await identityOf(auth, (await enrolled(auth)).token)
  for (const by of [kiosk, operator]) {
    await expect(auth.secondFactor.view(by)).rejects.toMatchObject({ code: 'forbidden' })
  }
})

test('a link sets the password, and the code is asked for as before', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { user, secret } = await withTotp(server)
  const { link } = await auth.passwords.startReset(user.id, operator)
  const better = 'four bells and a harp'
  await auth.passwords.reset(new URL(link).searchParams.get('token') ?? '', better)
  const again = (code?: string) => auth.signIn(ada.email, better, address, { code })
  await expect(again()).rejects.toMatchObject({ code: 'code_required' })
  expect(await again(await codeOf(server, secret))).toHaveProperty('token')
})

test('what was done and refused is recorded', async () => {
  await using server = await startAuth()
  const { auth } = server
  await withTotp(server)
  await signIn(auth).catch(() => {})
  await signIn(auth, '000000').catch(() => {})
  await auth.signIn('nobody@example.org', password, address).catch(() => {})
  const { items } = await auth.audit.list({}, { limit: 20, cursor: null })
  const told = items.map(({ action, outcome, code, target }) => [action, outcome, code, target?.name ?? null])
  expect(told.slice(0, 5)).toEqual([
    ['sign_in', 'refused', 'wrong_credentials', 'nobody@example.org'],
    ['sign_in', 'refused', 'wrong_code', 'Ada <ada@example.org>'],
    ['sign_in', 'refused', 'code_required', 'Ada <ada@example.org>'],
    ['totp_enable', 'done', null, null],
    ['sign_in', 'done', null, null],
  ])
})

test('an administrator without a second factor may work for a week, and then set one up and nothing else', async () => {
  const day = 24 * 3600
  await using server = await startAuth({ secondFactor: { requiredFor: ['admin'], graceMs: 7 * day * 1000 } })
  const { auth } = server
  const { token, user, identity } = await signedIn(auth)
  const from = new Date(Date.parse(user.createdAt) + 7 * day * 1000).toISOString()
  expect(await auth.secondFactor.view(identity)).toMatchObject({ required: true, requiredFrom: from })
  const { ticket } = await auth.tickets.issue(identity)
  const access = await auth.issueAccessToken(identity)
  server.forward(6 * day)
  expect(await identityOf(auth, token)).not.toHaveProperty('mustSetUpFactor')
  server.forward(day)
  const held = await identityOf(auth, token)
  expect(held).toMatchObject({ mustSetUpFactor: true })
  expect(await auth.tickets.redeem(ticket)).toBeNull()
  expect(await auth.verifyAccessToken(access.token)).toMatchObject({ ok: false })
  expect(await auth.current(held)).toBeNull()
  const { secret } = await auth.secondFactor.beginTotp(held, password)
  await auth.secondFactor.verifyTotp(held, await codeOf(server, secret))
  expect(await identityOf(auth, token)).not.toHaveProperty('mustSetUpFactor')
  expect(await auth.current(held)).toMatchObject({ kind: 'user' })
  expect(await auth.secondFactor.view(held)).toMatchObject({ required: true, requiredFrom: null })
})

test('the policy is not about others, devices and keys', async () => {
  await using server = await startAuth({ secondFactor: { requiredFor: ['admin'], graceMs: 0 } })
  const { auth } = server
  const viewer = await auth.users.create({ ...ada, role: 'viewer' })
  expect(viewer.role).toBe('viewer')
  const identities: Identity[] = [
    await identityOf(auth, (await signIn(auth)).token),
    await identityOf(auth, (await enrolled(auth)).token),
  ]
  const { key } = await auth.keys.create('weather', ['admin'], operator)
  const found = await auth.identify(new Headers({ 'x-api-key': key }))
  if (found !== null) identities.push(found.identity)
  expect(identities).toHaveLength(3)
  for (const identity of identities) expect(await auth.current(identity)).toMatchObject({ userId: identity.userId })
})
