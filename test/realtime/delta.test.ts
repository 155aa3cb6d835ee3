import type { SubscribedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { openRaw } from '../support/raw-client.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')
const long = 'a state that hardly changes, '.repeat(20)
const state = (n: number) => ({ long, n })
const fossil = { delta: 'fossil' } as const

test('the first publication comes in full, the next as deltas, and everybody reads the same', async () => {
  const rig = await startRealtime()
  const early = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'delta:a', fossil)
  const plain = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'delta:a')
  await rig.publish('delta:a', state(1))
  await rig.publish('delta:a', state(2))
  const late = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'delta:a', fossil)
  // In one turn: the late one gets a full one and then its delta, the early one deltas only.
  await Promise.all([3, 4, 5].map((n) => rig.publish('delta:a', state(n))))
  await expect.poll(() => late.data).toEqual([3, 4, 5].map(state))
  await expect.poll(() => early.data).toEqual([1, 2, 3, 4, 5].map(state))
  await expect.poll(() => plain.data).toEqual(early.data)
  expect(early.subscription.deltaStats()).toMatchObject({ numFullPayloads: 1, numDeltaPayloads: 4 })
  expect(late.subscription.deltaStats()).toMatchObject({ numFullPayloads: 1, numDeltaPayloads: 2 })
})

test('characters of several bytes, passing publications and payloads of all kinds go through deltas unharmed', async () => {
  const rig = await startRealtime()
  const { data, subscription } = await follow(
    await connected(sdk(rig.url, { token: rig.identities.token(ada) })),
    'delta:a',
    fossil,
  )
  const by = { kind: 'local', userId: 'local', name: 'test', role: 'admin' } as const
  const payloads = [
    `${long}🔔${long}`,
    `${long}🔕${long}`,
    `${long}🔕${long}é`,
    null,
    7,
    { long },
    [],
    { long, more: '日本語' },
  ]
  for (const [n, each] of payloads.entries()) {
    await rig.realtime.publish(by, { channel: 'delta:a', data: each, skipHistory: n % 3 === 1 })
  }
  await expect.poll(() => data).toEqual(payloads)
  expect(subscription.deltaStats().numDeltaPayloads).toBeGreaterThan(0)
})

test('what was missed is recovered in full, and the next is a delta to the last of it', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'delta:a', fossil)
  await rig.publish('delta:a', state(1))
  await expect.poll(() => data.length).toBe(1)
  const again = nextEvent<SubscribedContext>(subscription, 'subscribed')
  socketOf(client).terminate()
  await nextEvent(subscription, 'subscribing')
  for (const n of [2, 3]) await rig.publish('delta:a', state(n))
  expect(await again).toMatchObject({ recovered: true })
  await expect.poll(() => data.length).toBe(3)
  await rig.publish('delta:a', state(4))
  await expect.poll(() => data).toEqual([1, 2, 3, 4].map(state))
  expect(subscription.deltaStats()).toMatchObject({ numFullPayloads: 3, numDeltaPayloads: 1 })
  expect((await subscription.history({ limit: 1 })).publications).toMatchObject([{ data: state(1) }])
})

test('a client that comes with a saved position and missed nothing gets a full one first', async () => {
  const rig = await startRealtime()
  const other = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'delta:a', fossil)
  await rig.publish('delta:a', state(1))
  await expect.poll(() => other.data.length).toBe(1)
  const { epoch, offset } = await other.subscription.history({ limit: 0 })
  const saved = await follow(await connected(sdk(rig.url, { token: rig.identities.token(ada) })), 'delta:a', {
    ...fossil,
    since: { epoch, offset },
  })
  await rig.publish('delta:a', state(2))
  await expect.poll(() => [saved.data, other.data]).toEqual([[state(2)], [state(1), state(2)]])
  expect(saved.subscription.deltaStats()).toMatchObject({ numFullPayloads: 1, numDeltaPayloads: 0 })
})

test('deltas are granted where the namespace allows them, and only when asked for', async () => {
  const rig = await startRealtime()
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada) }, id: 1 },
    { subscribe: { channel: 'delta:a', delta: 'fossil' }, id: 2 },
    { subscribe: { channel: 'delta:b' }, id: 3 },
    { subscribe: { channel: 'news:a', delta: 'fossil' }, id: 4 },
    { subscribe: { channel: 'open:a', delta: 'fossil' }, id: 5 },
  )
  await raw.reply(5)
  const granted = await Promise.all([2, 3, 4, 5].map(async (id) => (await raw.reply(id)).subscribe))
  expect(granted[0]).toMatchObject({ delta: true, positioned: true })
  for (const result of granted.slice(1)) expect(result).not.toHaveProperty('delta')
  await rig.publish('delta:a', { n: 1 })
  await rig.publish('delta:b', { n: 1 })
  const pushed = await raw.message(({ push }) => push?.channel === 'delta:a')
  expect(pushed.push?.pub).toMatchObject({ data: '{"n":1}', offset: 1 })
  expect((await raw.message(({ push }) => push?.channel === 'delta:b')).push?.pub).toMatchObject({ data: { n: 1 } })
})
