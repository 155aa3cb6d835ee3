import type { SubscribedContext, SubscribingContext } from 'centrifuge'
import pino from 'pino'
import { expect, test } from 'vitest'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { openRaw } from '../support/raw-client.ts'
import { person, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')
const doors = { key: 'kind', cmp: 'eq', val: 'door' } as const

test('of a channel that tells a state the newest comes at once, and after an absence', async () => {
  const rig = await startRealtime()
  for (const n of [1, 2, 3]) await rig.publish('cache:a', n)
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'cache:a', { since: {} as { offset: number; epoch: string } })
  await expect.poll(() => data).toEqual([3])
  const again = async (publish: readonly number[]) => {
    const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
    socketOf(client).terminate()
    await nextEvent(subscription, 'subscribing')
    for (const n of publish) await rig.publish('cache:a', n)
    return subscribed
  }
  expect(await again([4, 5])).toMatchObject({ wasRecovering: true, recovered: true })
  await expect.poll(() => data).toEqual([3, 5])
  expect(await again([])).toMatchObject({ recovered: true })
  await rig.publish('cache:a', 6)
  await expect.poll(() => data).toEqual([3, 5, 6])
})

test('an empty state is not recovered, and a filter finds the newest that fits', async () => {
  const rig = await startRealtime()
  await rig.publish('cache:b', 'open', { kind: 'door' })
  await rig.publish('cache:b', 20, { kind: 'temp' })
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada) }, id: 1 },
    { subscribe: { channel: 'cache:a', recover: true }, id: 2 },
    { subscribe: { channel: 'cache:b', recover: true, tf: doors }, id: 3 },
  )
  expect((await raw.reply(2)).subscribe).toMatchObject({ was_recovering: true, offset: 0 })
  expect((await raw.reply(2)).subscribe).not.toHaveProperty('recovered')
  const { subscribe } = await raw.reply(3)
  expect(subscribe).toMatchObject({ recovered: true, publications: [{ data: 'open', offset: 1 }] })
})

test('positions without recovery are told, and nothing is recovered', async () => {
  const rig = await startRealtime()
  await rig.publish('placed:a', 1)
  const raw = await openRaw(rig.url)
  raw.send(
    { connect: { token: rig.identities.token(ada) }, id: 1 },
    { subscribe: { channel: 'placed:a', recover: true, offset: 0 }, id: 2 },
  )
  const { subscribe } = await raw.reply(2)
  expect(subscribe).toEqual({ positioned: true, epoch: expect.any(String), offset: 1 })
})

test('who missed a publication that was lost on the way is told within a round, and recovers it', async () => {
  const rig = await startRealtime({ limits: { positionCheckMs: 50, positionGraceMs: 20 } })
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'news:a')
  const placed = await openRaw(rig.url)
  placed.send({ connect: { token: rig.identities.token(ada) }, id: 1 }, { subscribe: { channel: 'placed:a' }, id: 2 })
  await placed.reply(2)
  await rig.publish('news:a', 1)
  const subscribing = nextEvent<SubscribingContext>(subscription, 'subscribing')
  // Another writer of the same file, whose publications this server is not told of.
  await using other = createMemoryBroker({ store: { path: rig.path }, log: pino({ level: 'silent' }) })
  await other.publish('news:a', { size: 1000, ttlSeconds: 168 * 3600 }, { data: '2' })
  await other.publish('placed:a', { size: 5, ttlSeconds: 3600 }, { data: '1' })
  expect(await subscribing).toMatchObject({ code: 2500 })
  await expect.poll(() => data).toEqual([1, 2])
  const told = await placed.message(({ push }) => push?.unsubscribe !== undefined)
  expect(told.push).toEqual({ channel: 'placed:a', unsubscribe: { code: 2500, reason: 'insufficient state' } })
  await rig.publish('news:a', 3)
  await expect.poll(() => data).toEqual([1, 2, 3])
})
