import { expect, test } from 'vitest'
import { sessionSettings } from '#server/config/sign-ins.ts'
import { EphemeralError } from '#server/store/ephemeral.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { anotherAdmin, bearer, enrolled, identityOf, operator, signedIn, startAuth } from './auth-fixture.ts'
import type { Identity } from './identity.ts'
import { noRecentHolders } from './recent-holders.ts'
import { createTickets } from './tickets.ts'

test('a ticket opens one socket and is used up by that', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { ticket, expiresIn } = await server.auth.tickets.issue(identity)
  expect(ticket).toMatch(/^tkt_[\w-]{43}$/)
  expect(expiresIn).toBe(20)
  expect(await server.auth.tickets.redeem(ticket)).toEqual(identity)
  expect(await server.auth.tickets.redeem(ticket)).toBeNull()
})

test('two that come with one ticket at the same time are one too many', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { ticket } = await server.auth.tickets.issue(identity)
  const both = await Promise.all([server.auth.tickets.redeem(ticket), server.auth.tickets.redeem(ticket)])
  expect(both.filter((found) => found !== null)).toHaveLength(1)
})

test('a ticket expires after 20 seconds', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const early = await server.auth.tickets.issue(identity)
  const late = await server.auth.tickets.issue(identity)
  server.forward(19)
  expect(await server.auth.tickets.redeem(early.ticket)).toEqual(identity)
  server.forward(1)
  expect(await server.auth.tickets.redeem(late.ticket)).toBeNull()
})

test('what was never a ticket opens nothing', async () => {
  await using server = await startAuth()
  for (const ticket of ['', 'tkt_', 'tkt_guess', '__proto__']) {
    expect(await server.auth.tickets.redeem(ticket)).toBeNull()
  }
})

test('a ticket of a session that has ended opens nothing', async () => {
  await using server = await startAuth()
  const { identity } = await signedIn(server.auth)
  const { ticket } = await server.auth.tickets.issue(identity)
  if (identity.kind === 'user') await server.auth.endSession(identity.sessionId)
  expect(await server.auth.tickets.redeem(ticket)).toBeNull()
})

test('a ticket of a disabled person, a removed device or a revoked key opens nothing', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  const kiosk = await enrolled(auth)
  const { key, id } = await auth.keys.create('weather', ['subscribe'], operator)
  const device = await auth.identify(bearer(kiosk.token))
  const service = await auth.identify(new Headers({ 'x-api-key': key }))
  const identities = [identity, device?.identity, service?.identity].filter((found) => found !== undefined)
  const before = await Promise.all(identities.map((found) => auth.tickets.issue(found)))
  expect(await Promise.all(before.map(({ ticket }) => auth.tickets.redeem(ticket)))).toEqual(identities)

  const after = await Promise.all(identities.map((found) => auth.tickets.issue(found)))
  await anotherAdmin(auth)
  await auth.users.setDisabled(user.id, true)
  await auth.devices.remove(kiosk.device.id)
  await auth.keys.revoke(id)
  expect(await Promise.all(after.map(({ ticket }) => auth.tickets.redeem(ticket)))).toEqual([null, null, null])
})

test('between its giving and its use a ticket costs no look into the records, unless somebody was revoked', async () => {
  await using server = await startAuth()
  const { auth, database } = server
  const { identity, user } = await signedIn(auth)
  const [first, second] = [await auth.tickets.issue(identity), await auth.tickets.issue(identity)]
  // As nothing of ours does: without telling anybody.
  await database.run('update "user" set name = ? where id = ?', 'Countess', user.id)
  expect(await auth.tickets.redeem(first.ticket)).toEqual(identity)
  const another = await anotherAdmin(auth)
  await auth.users.signOut(another.id)
  await auth.users.update(another.id, { name: 'Admiral' })
  expect(await auth.tickets.redeem(second.ticket)).toEqual({ ...identity, name: 'Countess' })
})

test('whose name or role was changed comes in as what they are now', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  await anotherAdmin(auth)
  const { ticket } = await auth.tickets.issue(identity)
  await auth.users.update(user.id, { name: 'Countess', role: 'viewer' })
  expect(await auth.tickets.redeem(ticket)).toMatchObject({ name: 'Countess', role: 'viewer' })
})

test('a ticket of a session that is over meanwhile opens nothing', async () => {
  const session = sessionSettings.parse({ program_idle: '5m' })
  await using server = await startAuth({ session, sweeps: false })
  const { auth } = server
  const { identity } = await signedIn(auth)
  server.forward(285)
  const [early, late] = [await auth.tickets.issue(identity), await auth.tickets.issue(identity)]
  server.forward(10)
  expect(await auth.tickets.redeem(early.ticket)).toEqual(identity)
  server.forward(6)
  expect(await auth.tickets.redeem(late.ticket)).toBeNull()
})

test('who must have a second factor and has none any more comes in with no ticket', async () => {
  await using server = await startAuth({ secondFactor: { requiredFor: ['admin'], graceMs: 60_000 }, sweeps: false })
  const { auth } = server
  const { identity } = await signedIn(auth)
  const [early, late] = [await auth.tickets.issue(identity), await auth.tickets.issue(identity)]
  expect(await auth.tickets.redeem(early.ticket)).toEqual(identity)
  server.forward(50)
  const onTheEdge = await auth.tickets.issue(identity)
  server.forward(10)
  for (const { ticket } of [late, onTheEdge]) expect(await auth.tickets.redeem(ticket)).toBeNull()
})

test('a device that is to change its credential from now on, by age or because it is told to, learns of it', async () => {
  const day = 24 * 60 * 60
  await using server = await startAuth({ rotateDevicesAfter: day })
  const { auth } = server
  const kiosk = await enrolled(auth)
  server.forward(day - 10)
  const identity = await identityOf(auth, kiosk.token)
  expect(identity).toHaveProperty('device', { id: kiosk.device.id, name: kiosk.device.name })
  const told = await auth.tickets.issue(identity)
  await auth.devices.rotate(kiosk.device.id)
  expect(await auth.tickets.redeem(told.ticket)).toHaveProperty('device.rotate', true)

  const next = await auth.devices.newCredential(identity as Extract<Identity, { kind: 'device' }>)
  const renewed = await identityOf(auth, next.token)
  server.forward(day - 10)
  const old = await auth.tickets.issue(renewed)
  server.forward(10)
  expect(await auth.tickets.redeem(old.ticket)).toHaveProperty('device.rotate', true)
})

test('tickets under way are bounded, and expired ones make room', async () => {
  let now = 0
  const tickets = createTickets({
    currentIdentity: async () => operator,
    ephemeral: createMemoryEphemeral({ clock: () => now, maxValues: 2 }),
    holders: noRecentHolders,
  })
  await tickets.issue(operator)
  await tickets.issue(operator)
  await expect(tickets.issue(operator)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
  now += 20_000
  expect(await tickets.issue(operator)).toHaveProperty('ticket')
})

test('a ticket is good on every node, and no node can read it out of what they share', async () => {
  const kept: string[] = []
  const shared = createMemoryEphemeral()
  const ephemeral = {
    put: (key: string, value: string, lifetimeMs: number) => {
      kept.push(key, value)
      return shared.put(key, value, lifetimeMs)
    },
    take: shared.take,
  }
  const [here, there] = [operator, operator].map((who) =>
    createTickets({ currentIdentity: async () => who, ephemeral, holders: noRecentHolders }),
  )
  const { ticket = '' } = (await here?.issue(operator)) ?? {}
  expect(kept.join()).not.toContain(ticket)
  expect(await there?.redeem(ticket)).toEqual(operator)
  expect(await here?.redeem(ticket)).toBeNull()
})

test("while what keeps them is away, tickets are neither given nor taken, and that is not the caller's fault", async () => {
  const away = () => Promise.reject(new EphemeralError('unavailable', 'away'))
  const ephemeral = { put: away, take: away }
  const tickets = createTickets({ currentIdentity: async () => operator, ephemeral, holders: noRecentHolders })
  await expect(tickets.issue(operator)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
  await expect(tickets.redeem('tkt_x')).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
})
