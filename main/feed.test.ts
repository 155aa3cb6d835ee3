import { expect, onTestFinished, test, vi } from 'vitest'
import type { FeedEvent } from '#protocol/ipc.ts'
import { createFeed, maxEvents } from './feed.ts'
import { createLink } from './link.ts'
import { memoryLog } from './log.ts'
import { createServerApi } from './server-api.ts'
import { type LittleServer, startLittleServer } from './test-support/little-server.ts'

test('what is published on a followed channel is an event', async () => {
  const { server, feed, events } = await build()
  await feed.follow('news:a').decided
  server.publish('news:a', { title: 'Doors' }, { kind: 'notice' })
  server.publish('news:b', 'not followed')
  server.publish('news:a', 2)
  await vi.waitFor(() => expect(feed.events.length).toBe(2))
  expect(feed.events).toEqual([
    {
      channel: 'news:a',
      offset: 1,
      data: { title: 'Doors' },
      tags: { kind: 'notice' },
      receivedAt: expect.any(Number),
    },
    { channel: 'news:a', offset: 2, data: 2, tags: {}, receivedAt: expect.any(Number) },
  ])
  expect(events).toEqual(feed.events)
})

test('five cuts in the middle of a stream lose nothing, repeat nothing and keep the order', async () => {
  const { server, feed } = await build()
  await feed.follow('news:a').decided
  for (let n = 1; n <= 500; n++) {
    server.publish('news:a', n)
    if (n % 90 === 0) server.disconnect()
    if (n % 20 === 0) await new Promise((later) => setTimeout(later, 4))
  }
  await vi.waitFor(() => expect(feed.events.length).toBe(500))
  expect(feed.events.map(({ data }) => data)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
  expect(feed.gaps).toEqual([])
})

test('more than the server recovers at once is paged from history', async () => {
  const { server, feed } = await build()
  await feed.follow('news:a').decided
  await server.stop()
  for (let n = 1; n <= 750; n++) server.publish('news:a', n)
  await server.start()
  await vi.waitFor(() => expect(feed.events.length).toBe(750))
  server.publish('news:a', 751)
  await vi.waitFor(() => expect(feed.events.at(-1)?.data).toBe(751))
  expect(feed.events.map(({ offset }) => offset)).toEqual(Array.from({ length: 751 }, (_, index) => index + 1))
  expect(server.commands.filter(({ history }) => history).length).toBe(3)
  expect(feed.gaps).toEqual([])
})

test('what the server no longer has is a gap with its number, and gaps of a channel add up', async () => {
  const { server, feed, troubles } = await build()
  await feed.follow('news:a').decided
  for (let round = 0; round < 2; round++) {
    await server.stop()
    for (let n = 0; n < 10; n++) server.publish('news:a', n)
    server.channels.get('news:a')?.kept.splice(0, round === 0 ? 4 : 10) // the newest six stay
    await server.start()
    await vi.waitFor(() => expect(feed.gaps).toHaveLength(1))
    await vi.waitFor(() => expect(feed.events.length).toBe((round + 1) * 6))
  }
  expect(feed.gaps).toEqual([{ channel: 'news:a', missed: 8 }])
  expect(troubles()).toBeGreaterThan(0)
})

test('a server that begins a new history is a gap of unknown size', async () => {
  const { server, feed } = await build()
  await feed.follow('news:a').decided
  server.publish('news:a', 'old')
  await vi.waitFor(() => expect(feed.events.length).toBe(1))
  await server.stop()
  server.channels.set('news:a', { epoch: 'second', top: 0, kept: [] })
  server.publish('news:a', 'new')
  await server.start()
  await vi.waitFor(() => expect(feed.events.map(({ data }) => data)).toEqual(['old', 'new']))
  expect(feed.gaps).toEqual([{ channel: 'news:a', missed: null }])
})

test('a client that was stopped for good begins again where delivery stood', async () => {
  const { server, feed } = await build()
  await feed.follow('news:a').decided
  server.publish('news:a', 1)
  await vi.waitFor(() => expect(feed.events.length).toBe(1))
  server.disconnect({ code: 3502, reason: 'stale' })
  server.publish('news:a', 2)
  await vi.waitFor(() => expect(feed.events.map(({ data }) => data)).toEqual([1, 2]))
})

test('only the newest events are kept', async () => {
  const { server, feed } = await build()
  await feed.follow('news:a').decided
  for (let n = 1; n <= maxEvents + 5; n++) server.publish('news:a', n)
  await vi.waitFor(() => expect(feed.events.at(-1)?.data).toBe(maxEvents + 5))
  expect(feed.events.length).toBe(maxEvents)
  expect(feed.events[0]?.data).toBe(6)
})

test('following twice is following once, and an unfollowed channel is silent', async () => {
  const { server, feed } = await build()
  expect(feed.follow('news:a')).toBe(feed.follow('news:a'))
  await feed.follow('news:a').decided
  await feed.follow('news:b').decided
  expect(feed.channels).toEqual(['news:a', 'news:b'])
  feed.unfollow('news:a')
  server.publish('news:a', 1)
  server.publish('news:b', 2)
  await vi.waitFor(() => expect(feed.events.length).toBe(1))
  expect(feed.events[0]?.channel).toBe('news:b')
})

test('a channel the server does not allow is a refusal, gone when it does', async () => {
  const { server, feed } = await build()
  let allowed = false
  server.onCommand = ({ subscribe }) =>
    subscribe === undefined || allowed ? undefined : { error: { code: 103, message: 'permission denied' } }
  const refusal = { channel: 'news:a', code: 103, message: 'permission denied' }
  expect(await feed.follow('news:a').decided).toEqual(refusal)
  expect(feed.refusals).toEqual([refusal])
  allowed = true
  await vi.waitFor(() => expect(feed.refusals).toEqual([]))
})

test('the newest of what was there before can be asked for', async () => {
  const { server, feed } = await build()
  for (let n = 1; n <= 5; n++) server.publish('news:a', n)
  const followed = feed.follow('news:a')
  await followed.decided
  expect((await followed.past(2)).map(({ data }) => data)).toEqual([5, 4])
  expect(feed.events).toEqual([])
  server.publish('news:a', 6)
  await vi.waitFor(() => expect(feed.events).toHaveLength(1))
  expect((await followed.past(2)).map(({ data }) => data)).toEqual([5])
})

test('what was published before is put in front of what arrives, once, and told apart', async () => {
  const { server, feed, events, read } = await build({ withPast: true })
  for (let n = 1; n <= 3; n++) server.publish('news:a', n, { n: String(n) })
  let asked = 0
  server.onCommand = ({ history }) => {
    if (history === undefined) return undefined
    // Live publications overtake the answer, and the answer holds them.
    if (asked++ === 0) for (const n of [4, 5]) server.publish('news:a', n)
    return undefined
  }
  await feed.follow('news:a').decided
  await vi.waitFor(() => expect(read).toHaveLength(1))
  await vi.waitFor(() => expect(events).toHaveLength(2))
  server.disconnect()
  server.publish('news:a', 6)
  await vi.waitFor(() => expect(events).toHaveLength(3))
  expect(feed.events.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6])
  expect(events.map(({ offset }) => offset)).toEqual([4, 5, 6])
  expect(read).toEqual([feed.events.slice(0, 3)])
  expect(feed.events[0]).toEqual({ channel: 'news:a', offset: 1, data: 1, tags: { n: '1' }, receivedAt: null })
  expect(asked).toBe(1)
})

test('of a long past only the newest hundred are read', async () => {
  const { server, feed, read } = await build({ withPast: true })
  for (let n = 1; n <= 130; n++) server.publish('news:a', n)
  feed.follow('news:a')
  await vi.waitFor(() => expect(read).toHaveLength(1))
  expect(read[0]?.map(({ data }) => data)).toEqual(Array.from({ length: 100 }, (_, index) => index + 31))
})

test('a past that is lost with its connection is asked for again, and live publications do not wait for it', async () => {
  const { server, feed, read } = await build({ withPast: true })
  for (const n of [1, 2]) server.publish('news:a', n)
  let silent = true
  server.onCommand = ({ history }) => (history !== undefined && silent ? null : undefined)
  await feed.follow('news:a').decided
  server.publish('news:a', 3)
  await vi.waitFor(() => expect(feed.events.map(({ data }) => data)).toEqual([3]))
  silent = false
  server.disconnect()
  await vi.waitFor(() => expect(read).toHaveLength(1))
  expect(feed.events.map(({ data }) => data)).toEqual([1, 2, 3])
})

test('a channel without a history starts empty', async () => {
  const { server, feed, read } = await build({ withPast: true })
  server.publish('news:a', 1)
  server.onCommand = ({ history }) =>
    history === undefined ? undefined : { error: { code: 108, message: 'not available' } }
  await feed.follow('news:a').decided
  server.publish('news:a', 2)
  await vi.waitFor(() => expect(feed.events.map(({ data }) => data)).toEqual([2]))
  server.disconnect()
  server.publish('news:a', 3)
  await vi.waitFor(() => expect(feed.events.map(({ data }) => data)).toEqual([2, 3]))
  expect(read).toEqual([])
  expect(server.commands.filter(({ history }) => history)).toHaveLength(1)
})

test('a channel that is followed again does not repeat its past', async () => {
  const { server, feed, read } = await build({ withPast: true })
  for (const n of [1, 2]) server.publish('news:a', n)
  feed.follow('news:a')
  await vi.waitFor(() => expect(read).toHaveLength(1))
  feed.unfollow('news:a')
  await feed.follow('news:a').decided
  server.publish('news:a', 3)
  await vi.waitFor(() => expect(feed.events.map(({ data }) => data)).toEqual([1, 2, 3]))
  await vi.waitFor(() => expect(server.commands.filter(({ history }) => history)).toHaveLength(2))
  expect(read).toHaveLength(1)
})

async function build({ withPast = false } = {}) {
  const server: LittleServer = await startLittleServer()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const api = createServerApi({ origin: server.origin, timeout: 1000 })
  const log = memoryLog()
  const link = createLink({
    url: server.socketUrl,
    token: async () => (await api.accessToken('session')).token,
    probe: async () => null,
    name: 'test',
    version: '0',
    log,
    onState: () => {},
    onRejected: () => {},
    times: { minReconnect: 5, maxReconnect: 20, maxReplace: 20, refusalRetry: 30 },
  })
  onTestFinished(() => link[Symbol.dispose]())
  const events: FeedEvent[] = []
  const read: FeedEvent[][] = []
  let troubles = 0
  const feed = createFeed({
    link,
    log,
    onEvent: (event) => void events.push(event),
    onTrouble: () => void troubles++,
    ...(withPast ? { onEarlier: (earlier) => void read.push([...earlier]) } : {}),
  })
  return { server, feed, events, read, troubles: () => troubles }
}
