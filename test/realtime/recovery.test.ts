import type { SubscribedContext } from 'centrifuge'
import { expect, test } from 'vitest'
import { openRaw, type RawClient } from '../support/raw-client.ts'
import { person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk, socketOf } from '../support/realtime-sdk.ts'

const ada = person('ada')
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

test('history answers its position, pages, and newest first', async () => {
  const rig = await startRealtime()
  for (const n of upTo(6)) await rig.publish('news:a', n)
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription } = await follow(client, 'news:a')
  const position = await subscription.history({})
  expect(position).toMatchObject({ publications: [], offset: 6, epoch: expect.stringMatching(/^[A-Za-z]{8}$/) })
  const { epoch } = position
  const data = async (options: Parameters<typeof subscription.history>[0]) =>
    (await subscription.history(options)).publications.map((publication) => publication.data)
  expect(await data({ limit: -1 })).toEqual([1, 2, 3, 4, 5, 6])
  expect(await data({ limit: 2 })).toEqual([1, 2])
  expect(await data({ limit: 2, reverse: true })).toEqual([6, 5])
  expect(await data({ limit: 2, since: { offset: 2, epoch } })).toEqual([3, 4])
  expect(await data({ limit: 2, since: { offset: 5, epoch }, reverse: true })).toEqual([4, 3])
  await expect(data({ limit: 2, since: { offset: 2, epoch: 'another' } })).rejects.toMatchObject({ code: 112 })
  await expect(data({ limit: 2, since: { offset: 0, epoch }, reverse: true })).rejects.toMatchObject({ code: 107 })
})

test('one history call answers so many publications and so many bytes at most', async () => {
  const rig = await startRealtime({ limits: { historyPublications: 3, outboxBytes: 100_000 } })
  for (const n of upTo(5)) await rig.publish('news:a', n)
  for (const n of upTo(5)) await rig.publish('news:big', `${n}`.repeat(30_000))
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  expect((await client.history('news:a', { limit: -1 })).publications).toHaveLength(3)
  expect((await client.history('news:a', { limit: 100 })).publications).toHaveLength(3)
  expect((await client.history('news:big', { limit: 100 })).publications).toHaveLength(2)
})

test('a client whose socket was cut gets what it missed, once and in order', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data, publications } = await follow(client, 'news:a')
  await rig.publish('news:a', 1)
  await expect.poll(() => data).toEqual([1])
  const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
  socketOf(client).terminate()
  for (const n of [2, 3]) await rig.publish('news:a', n)
  expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: true, positioned: true, recoverable: true })
  await rig.publish('news:a', 4)
  await expect.poll(() => data).toEqual([1, 2, 3, 4])
  expect(publications.map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
})

test('a client recovers across a restart of the server, from the same epoch', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'news:a')
  await rig.publish('news:a', 1)
  const { epoch } = await subscription.history({})
  await rig.stop()
  await expect.poll(() => client.state).toBe('connecting')
  const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
  await rig.restart()
  for (const n of [2, 3]) await rig.publish('news:a', n)
  expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: true })
  await expect.poll(() => data).toEqual([1, 2, 3])
  expect((await subscription.history({})).epoch).toBe(epoch)
})

test('a client of a channel in which nothing has been published yet recovers across a restart as well', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'news:a')
  const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
  await rig.restart()
  await rig.publish('news:a', 1)
  expect(await subscribed).toMatchObject({ recovered: true })
  await expect.poll(() => data).toEqual([1])
})

test('past what is kept a client is told that it could not recover, and goes on from the top', async () => {
  const rig = await startRealtime()
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { subscription, data } = await follow(client, 'small:a')
  await rig.publish('small:a', 0)
  await expect.poll(() => data).toEqual([0])
  const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
  const socket = socketOf(client)
  socket.terminate()
  await Promise.all(upTo(6).map((n) => rig.publish('small:a', n)))
  expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: false, streamPosition: { offset: 7 } })
  await rig.publish('small:a', 7)
  await expect.poll(() => data).toEqual([0, 7])
})

test('exactly what is kept can still be recovered', async () => {
  const rig = await startRealtime()
  for (const n of upTo(8)) await rig.publish('small:a', n)
  const raw = await rawClient(rig)
  raw.send({ subscribe: { channel: 'small:a', recover: true, offset: 3 }, id: 2 })
  const { subscribe } = await raw.reply(2)
  expect(subscribe).toMatchObject({
    recovered: true,
    was_recovering: true,
    offset: 3,
    publications: [4, 5, 6, 7, 8].map((n) => ({ data: n, offset: n })),
  })
})

test('a client at the top recovers nothing, one beyond it or in another epoch not at all', async () => {
  const rig = await startRealtime()
  for (const n of upTo(3)) await rig.publish('news:a', n)
  const recover = async (position: object) => {
    const raw = await rawClient(rig)
    raw.send({ subscribe: { channel: 'news:a', recover: true, ...position }, id: 2 })
    return await raw.reply(2)
  }
  const { epoch } = (await recover({ offset: 3 })).subscribe as { epoch: string }
  expect((await recover({ offset: 3, epoch })).subscribe).toEqual({
    ...{ recoverable: true, positioned: true, epoch, offset: 3, was_recovering: true, recovered: true },
  })
  const lost = { recoverable: true, positioned: true, epoch, offset: 3, was_recovering: true }
  expect((await recover({ offset: 4, epoch })).subscribe).toEqual(lost)
  expect((await recover({ offset: 2, epoch: 'another' })).subscribe).toEqual(lost)
  expect((await recover({ epoch: '_' })).subscribe).toEqual(lost)
  expect((await recover({ offset: 2, epoch: 'another', flag: 2 })).error?.code).toBe(112)
})

test('after a refused strict recovery the channel can be subscribed to again', async () => {
  const rig = await startRealtime()
  const raw = await rawClient(rig)
  raw.send(
    { subscribe: { channel: 'news:a', recover: true, offset: 9, flag: 2 }, id: 2 },
    { subscribe: { channel: 'news:a' }, id: 3 },
  )
  expect((await raw.reply(2)).error?.code).toBe(112)
  expect((await raw.reply(3)).error).toBeUndefined()
  await rig.publish('news:a', 1)
  await raw.message(({ push }) => push?.pub?.offset === 1)
})

test('more than the bound of publications or of bytes is not recovered', async () => {
  const rig = await startRealtime({ limits: { recoveryPublications: 3, outboxBytes: 200_000 } })
  for (const n of upTo(4)) await rig.publish('news:a', n)
  for (const n of upTo(3)) await rig.publish('news:big', `${n}`.repeat(40_000))
  const raw = await rawClient(rig)
  const recovered = async (id: number, channel: string, offset: number) => {
    raw.send({ subscribe: { channel, recover: true, offset }, id })
    const { subscribe } = await raw.reply(id)
    raw.send({ unsubscribe: { channel }, id: id + 1 })
    return (subscribe as { recovered?: boolean }).recovered === true
  }
  expect(await recovered(10, 'news:a', 0)).toBe(false)
  expect(await recovered(20, 'news:a', 1)).toBe(true)
  expect(await recovered(30, 'news:big', 0)).toBe(false)
  expect(await recovered(40, 'news:big', 1)).toBe(true)
})

test('each of many clients that come and go gets every publication exactly once and in order', async () => {
  const rig = await startRealtime()
  const count = 600
  const clients = await Promise.all(
    upTo(6).map(async () => {
      const client = await connected(sdk(rig.url, { token: rig.identities.token(ada), maxReconnectDelay: 50 }))
      return { client, ...(await follow(client, 'news:a')) }
    }),
  )
  let published = 0
  const cutting = (async () => {
    for (let turn = 0; published < count; turn++) {
      const { client } = clients[turn % clients.length] ?? {}
      if (client?.state === 'connected') socketOf(client).terminate()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  while (published < count) {
    const burst = upTo(1 + Math.floor(Math.random() * 20)).map((n) => published + n)
    await Promise.all(burst.map((n) => rig.publish('news:a', n)))
    published += burst.length
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
  }
  await cutting
  const expected = upTo(published)
  for (const { data, publications } of clients) {
    await expect.poll(() => data.length).toBe(published)
    expect(data).toEqual(expected)
    expect(publications.map(({ offset }) => offset)).toEqual(expected)
  }
})

test('publications that arrive while history is being read follow the reply, in order and once', async () => {
  const rig = await startRealtime()
  for (const n of upTo(3)) await rig.publish('news:a', n)
  const { broker } = rig
  const read = broker.history.bind(broker)
  // A slow store: history is seen at one time and answered at a later one.
  let reading = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  broker.history = async (...query) => {
    const page = await read(...query)
    reading.resolve()
    await answer.promise
    return page
  }
  const raw = await rawClient(rig)
  raw.send({ subscribe: { channel: 'news:a', recover: true, offset: 1 }, id: 2 })
  await reading.promise
  reading = Promise.withResolvers()
  for (const n of [4, 5]) await rig.publish('news:a', n)
  answer.resolve()
  await rig.publish('news:a', 6)
  await raw.message(({ push }) => push?.pub?.offset === 6)
  expect(raw.received.slice(1)).toMatchObject([
    { id: 2, subscribe: { recovered: true, offset: 1, publications: [{ offset: 2 }, { offset: 3 }] } },
    { push: { pub: { offset: 4 } } },
    { push: { pub: { offset: 5 } } },
    { push: { pub: { offset: 6 } } },
  ])
})

test('a client that leaves while history is being read leaves nothing behind', async () => {
  const rig = await startRealtime()
  const { broker } = rig
  const read = broker.history.bind(broker)
  const reading = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  broker.history = async (...query) => {
    reading.resolve()
    await answer.promise
    return read(...query)
  }
  const raw = await rawClient(rig)
  raw.send({ subscribe: { channel: 'news:a' }, id: 2 })
  await reading.promise
  raw.socket.terminate()
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
  answer.resolve()
  await rig.publish('news:a', 1)
  expect(await rig.realtime.activeChannels()).toEqual([])
  expect(await broker.presence('news:a')).toEqual([])
})

test('when history cannot be read the subscriber is told to try again, and the next attempt works', async () => {
  const rig = await startRealtime()
  const { broker } = rig
  const read = broker.history.bind(broker)
  let failures = 1
  broker.history = async (...query) => {
    if (failures-- > 0) throw new Error('disk I/O error')
    return read(...query)
  }
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { data } = await follow(client, 'news:a', { minResubscribeDelay: 10, maxResubscribeDelay: 20 })
  await rig.publish('news:a', 1)
  await expect.poll(() => data).toEqual([1])
})

async function rawClient(rig: RealtimeRig): Promise<RawClient> {
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(person('ada')) }, id: 1 })
  await raw.reply(1)
  return raw
}
