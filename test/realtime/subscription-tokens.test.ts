import type { SubscribedContext, UnsubscribedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { openRaw } from '../support/raw-client.ts'
import { external, person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk } from '../support/realtime-sdk.ts'

const ada = person('ada')
const board = '$small:board'

test('a private channel is entered with a token alone, which may be for no other channel, user or connection', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const { client = '' } = (raw.received[0]?.connect ?? {}) as { client?: string }
  const tokenOf = (more: { userId?: string; channel?: string; client?: string }, seconds?: number) =>
    rig.identities.subscriptionToken({ userId: 'ada', channel: board, ...more }, seconds)
  const tries: [unknown, number | undefined][] = [
    [undefined, 103],
    ['', 103],
    ['forged', 103],
    [tokenOf({ channel: '$small:other' }), 103],
    [tokenOf({ channel: 'small:board' }), 103],
    [tokenOf({ userId: 'ola' }), 103],
    [tokenOf({ userId: '' }), 103],
    [tokenOf({ client: 'another' }), 103],
    [tokenOf({}, -1), 109],
    [tokenOf({ client }), undefined],
  ]
  for (const [index, [token, code]] of tries.entries()) {
    raw.send({ subscribe: { channel: board, token }, id: index + 2 })
    expect((await raw.reply(index + 2)).error?.code, String(token)).toBe(code)
  }
  raw.send({ subscribe: { channel: '$weather:a', token: 'any' }, id: 90 })
  expect((await raw.reply(90)).error?.code).toBe(102)
  raw.send({ subscribe: { channel: '$small:a b', token: 'any' }, id: 91 })
  expect((await raw.reply(91)).error?.code).toBe(107)
})

test('who is in a private channel reads, publishes as its namespace says, and gets what is published', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.send({ publish: { channel: board, data: 'before' }, id: 2 }, { history: { channel: board, limit: 1 }, id: 3 })
  expect([(await raw.reply(2)).error?.code, (await raw.reply(3)).error?.code]).toEqual([103, 103])
  raw.send({
    subscribe: { channel: board, token: rig.identities.subscriptionToken({ userId: 'ada', channel: board }) },
    id: 4,
  })
  expect((await raw.reply(4)).subscribe).toMatchObject({
    recoverable: true,
    expires: true,
    ttl: expect.toSatisfy((ttl: number) => ttl > 290 && ttl <= 300),
  })
  raw.send({ publish: { channel: board, data: 'in' }, id: 5 })
  await raw.reply(5)
  raw.send({ history: { channel: board, limit: 1 }, id: 6 })
  expect((await raw.reply(6)).history).toMatchObject({ offset: 1 })
  await raw.message(({ push }) => push?.pub?.data === 'in')
})

test('a token lets a user in where the role does not, and keeps it in when the role changes', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const token = rig.identities.subscriptionToken({ userId: 'ada', channel: 'commands:box' })
  raw.send({ subscribe: { channel: 'commands:box' }, id: 2 }, { subscribe: { channel: 'commands:box', token }, id: 3 })
  expect((await raw.reply(2)).error?.code).toBe(103)
  expect((await raw.reply(3)).subscribe).toBeDefined()
  raw.send({ refresh: { token: rig.identities.token(ada) }, id: 4 }, { rpc: {}, id: 5 })
  await raw.reply(5)
  expect(raw.received.some(({ push }) => push?.unsubscribe)).toBe(false)
})

test('what a token says of the user is shown in the channel: with presence, joins, leaves and publications', async () => {
  const rig = await startRealtime()
  const watcher = await connected(sdk(rig.url, { token: rig.identities.token(person('ola', 'operator')) }))
  const { subscription, publications } = await follow(watcher, 'talk:a', { joinLeave: true })
  const seen: unknown[] = []
  subscription.on('join', ({ info }) => void seen.push(['join', info.user, info.chanInfo]))
  subscription.on('leave', ({ info }) => void seen.push(['leave', info.user, info.chanInfo]))
  const raw = await rawClient(rig)
  const token = rig.identities.subscriptionToken({ userId: 'ada', channel: 'talk:a', info: '{"seat":4}' })
  raw.send({ subscribe: { channel: 'talk:a', token }, id: 2 })
  await raw.reply(2)
  await expect.poll(() => seen).toContainEqual(['join', 'ada', { seat: 4 }])
  raw.send({ publish: { channel: 'talk:a', data: 1 }, id: 3 })
  await expect.poll(() => publications[0]?.info).toMatchObject({ user: 'ada', chanInfo: { seat: 4 } })
  const { clients } = await subscription.presence()
  expect(Object.values(clients)).toContainEqual(expect.objectContaining({ user: 'ada', chanInfo: { seat: 4 } }))
  raw.send({ unsubscribe: { channel: 'talk:a' }, id: 4 })
  await expect.poll(() => seen).toContainEqual(['leave', 'ada', { seat: 4 }])
})

test('a token sets the policy of its one subscription', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const override = { force_recovery: false, force_positioning: true, presence: false }
  const placed = rig.identities.subscriptionToken({ userId: 'ada', channel: 'news:a', override }, null)
  raw.send({ subscribe: { channel: 'news:a', token: placed, recover: true, offset: 0 }, id: 2 })
  expect((await raw.reply(2)).subscribe).toEqual({ positioned: true, epoch: expect.any(String), offset: 0 })
  raw.send({ presence: { channel: 'news:a' }, id: 3 })
  expect((await raw.reply(3)).presence).toEqual({ presence: {} })
  const loud = { presence: true, join_leave: true, force_push_join_leave: true }
  const shown = rig.identities.subscriptionToken({ userId: 'ada', channel: 'open:a', override: loud }, null)
  raw.send({ subscribe: { channel: 'open:a', token: shown }, id: 4 })
  await raw.message(({ push }) => push?.join?.info.user === 'ada')
  expect(await rig.broker.presence('open:a')).toHaveLength(1)
})

test('the SDK refreshes a subscription before it ends, also after an expired token', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  let asked = 0
  const seconds = [1, 1, 300]
  const getToken = async () =>
    rig.identities.subscriptionToken({ userId: 'ada', channel: board }, seconds[asked++] ?? 300)
  const { subscription, data } = await follow(client, board, { getToken })
  const ended: unknown[] = []
  subscription.on('unsubscribed', (context) => void ended.push(context))
  await expect.poll(() => asked).toBe(3)
  await rig.publish(board, 'still here')
  await expect.poll(() => data).toEqual(['still here'])
  expect(ended).toEqual([])
})

test('a refresh is answered with a new end, or with why not', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const tokenOf = (seconds: number | null, channel = board, info: string | null = null) =>
    rig.identities.subscriptionToken({ userId: 'ada', channel, info }, seconds)
  const refresh = async (id: number, token?: string, channel = board) => {
    raw.send({ sub_refresh: { channel, token }, id })
    return raw.reply(id)
  }
  expect((await refresh(2, 'any')).error?.code).toBe(103)
  raw.send({ subscribe: { channel: board, token: tokenOf(60) }, id: 3 })
  await raw.reply(3)
  expect(await refresh(4, tokenOf(200))).toMatchObject({
    sub_refresh: { expires: true, ttl: expect.toSatisfy((ttl: number) => ttl > 190 && ttl <= 200) },
  })
  expect((await refresh(5)).error?.code).toBe(107)
  expect((await refresh(6, 'forged')).error?.code).toBe(103)
  expect((await refresh(7, tokenOf(60, '$small:other'))).error?.code).toBe(103)
  expect((await refresh(8, tokenOf(-1))).error).toEqual({ code: 109, message: 'token expired', temporary: true })
  expect(await refresh(9, tokenOf(null))).toEqual({ id: 9, sub_refresh: {} })
  raw.send({ sub_refresh: { channel: board, token: tokenOf(60) }, id: 10 })
  expect(await raw.closed).toMatchObject({ code: 3501 })
})

test('what the others see of a user changes with the token', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const tokenOf = (info: string) => rig.identities.subscriptionToken({ userId: 'ada', channel: 'talk:a', info }, 60)
  raw.send({ subscribe: { channel: 'talk:a', token: tokenOf('1') }, id: 2 })
  await raw.reply(2)
  raw.send({ sub_refresh: { channel: 'talk:a', token: tokenOf('2') }, id: 3 })
  await raw.reply(3)
  await expect.poll(() => rig.broker.presence('talk:a')).toMatchObject([{ user: 'ada', chanInfo: '2' }])
})

test('a subscription that is not refreshed ends with 2501 after the grace, and then nothing of it comes', async () => {
  const rig = await startRealtime({ limits: { refreshGraceMs: 100 } })
  const raw = await rawClient(rig)
  raw.send({
    subscribe: { channel: board, token: rig.identities.subscriptionToken({ userId: 'ada', channel: board }, 1) },
    id: 2,
  })
  await raw.reply(2)
  const { push } = await raw.message((message) => message.push?.unsubscribe !== undefined)
  expect(push).toEqual({ channel: board, unsubscribe: { code: 2501, reason: 'subscription expired' } })
  await rig.publish(board, 'after')
  raw.send({ rpc: {}, id: 3 })
  await raw.reply(3)
  expect(raw.received.some((message) => message.push?.pub)).toBe(false)
})

test('a connection that goes, or an unsubscribe, takes the end of a subscription with it', async () => {
  const rig = await startRealtime({ limits: { refreshGraceMs: 0 } })
  const raw = await rawClient(rig)
  const token = rig.identities.subscriptionToken({ userId: 'ada', channel: board }, 1)
  raw.send({ subscribe: { channel: board, token }, id: 2 }, { unsubscribe: { channel: board }, id: 3 })
  raw.send({
    subscribe: { channel: board, token: rig.identities.subscriptionToken({ userId: 'ada', channel: board }) },
    id: 4,
  })
  await raw.reply(4)
  const gone = await rawClient(rig)
  gone.send({ subscribe: { channel: board, token }, id: 2 })
  await gone.reply(2)
  gone.socket.terminate()
  const witness = await rawClient(rig)
  witness.send({
    subscribe: { channel: board, token: rig.identities.subscriptionToken({ userId: 'ada', channel: board }, 1) },
    id: 2,
  })
  await witness.message(({ push }) => push?.unsubscribe?.code === 2501)
  expect(raw.received.some(({ push }) => push?.unsubscribe)).toBe(false)
})

test('while a token is verified nothing of the channel overtakes: subscribe, unsubscribe and subscribe again', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const release = rig.identities.hold()
  const token = rig.identities.subscriptionToken({ userId: 'ada', channel: board })
  raw.send(
    { subscribe: { channel: board, token }, id: 2 },
    { unsubscribe: { channel: board }, id: 3 },
    { subscribe: { channel: board, token }, id: 4 },
    { subscribe: { channel: board, token }, id: 5 },
    { sub_refresh: { channel: board, token }, id: 6 },
    { rpc: {}, id: 7 },
  )
  await raw.reply(7)
  rig.realtime.steering.unsubscribe({ user: 'ada', channel: board }).catch(() => {})
  release()
  await raw.message(({ push }) => push?.unsubscribe !== undefined)
  expect(raw.received.slice(1).map((each) => each.id ?? Object.keys(each.push ?? {})[1])).toEqual([
    ...[7, 2, 3, 4, 5, 6, 'unsubscribe'],
  ])
  expect(raw.received.find(({ id }) => id === 5)?.error?.code).toBe(105)
})

test('a client that goes while its token is verified leaves nothing behind', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  const release = rig.identities.hold()
  const token = rig.identities.subscriptionToken({ userId: 'ada', channel: 'talk:a' })
  raw.send({ subscribe: { channel: 'talk:a', token }, id: 2 }, { rpc: {}, id: 3 })
  await raw.reply(3)
  raw.socket.terminate()
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
  release()
  const other = await rawClient(rig)
  other.send({ subscribe: { channel: 'talk:a' }, id: 2 })
  await other.reply(2)
  other.send({ presence_stats: { channel: 'talk:a' }, id: 3 })
  expect((await other.reply(3)).presence_stats).toEqual({ num_clients: 1, num_users: 1 })
  expect((await rig.realtime.activeChannels()).find(({ channel }) => channel === 'talk:a')?.clients).toBe(1)
})

test('when a token cannot be verified on our side the client is told to try again', async () => {
  const rig = await startRealtime({ limits: { answerMs: 50 } })
  const raw = await rawClient(rig)
  const release = rig.identities.hold()
  raw.send({ subscribe: { channel: board, token: 'any' }, id: 2 })
  expect((await raw.reply(2)).error).toMatchObject({ code: 100, temporary: true })
  release()
})

test('a user of the site is told to the others as its own token says', async () => {
  const rig = await startRealtime()
  const eva = external('eva', { name: 'Eva' })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(eva, null) }))
  const token = rig.identities.subscriptionToken({ userId: 'eva', channel: '$talk:a' }, null)
  const subscription = client.newSubscription('$talk:a', { token })
  const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
  subscription.subscribe()
  await subscribed
  expect(await rig.broker.presence('$talk:a')).toEqual([
    { user: 'eva', client: expect.any(String), connInfo: '{"name":"Eva"}' },
  ])
  const refused = client.newSubscription('talk:a')
  const unsubscribed = nextEvent<UnsubscribedContext>(refused, 'unsubscribed')
  refused.subscribe()
  expect(await unsubscribed).toMatchObject({ code: 103 })
})

async function rawClient(rig: RealtimeRig, identity = ada) {
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(identity) }, id: 1 })
  await raw.reply(1)
  return raw
}
