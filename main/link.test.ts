import { expect, onTestFinished, test, vi } from 'vitest'
import type { LinkState } from '#protocol/ipc.ts'
import { type ChannelListener, createLink, type Link, type LinkTimes } from './link.ts'
import { memoryLog } from './log.ts'
import { createServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'
import type { Position } from './stream.ts'
import { type LittleServer, refuse, startLittleServer } from './test-support/little-server.ts'

test('a link trades the session for a JWT, connects and subscribes', async () => {
  const server = await start()
  const { link, states } = connect(server)
  const { heard } = listen(link, 'news:a')
  await vi.waitFor(() => expect(heard.subscribed).toEqual([{ epoch: 'first', offset: 0 }]))
  server.publish('news:a', { hello: 1 }, { kind: 'x' })
  await vi.waitFor(() => expect(heard.publications).toEqual([{ data: { hello: 1 }, offset: 1, tags: { kind: 'x' } }]))
  expect(server.commands[0]?.connect?.token).toBe('jwt-of-session')
  expect(states.map((state) => state.phase)).toEqual(['online'])
  expect(link.state.phase).toBe('online')
})

test('a server that goes away leaves the link offline since then, with the reason, until it is back', async () => {
  const server = await start()
  const { link, states } = connect(server)
  const { heard } = listen(link, 'news:a')
  await online(link)
  server.publish('news:a', 1)
  await vi.waitFor(() => expect(heard.publications.length).toBe(1))
  const before = Date.now()
  await server.stop()
  await vi.waitFor(() => expect(link.state).toMatchObject({ phase: 'offline', code: 'server_unreachable' }))
  const since = link.state.since
  expect(since).toBeGreaterThanOrEqual(before)
  const attempts = server.requests.length
  await new Promise((later) => setTimeout(later, 100))
  expect(link.state.since).toBe(since)
  expect(server.requests.length).toBe(attempts)
  server.publish('news:a', 2)
  server.publish('news:a', 3)
  await server.start()
  await online(link)
  await vi.waitFor(() => expect(heard.publications.map(({ data }) => data)).toEqual([1, 2, 3]))
  expect(states.map(({ phase }) => phase)).toEqual(['online', 'offline', 'offline', 'online'])
})

test('a link that starts without a server says so and connects when there is one', async () => {
  const server = await start()
  await server.stop()
  const { link } = connect(server)
  expect(link.state.phase).toBe('connecting')
  await vi.waitFor(() => expect(link.state).toMatchObject({ phase: 'offline', code: 'server_unreachable' }))
  await server.start()
  await online(link)
})

test('a stranger on the server’s port is named as one', async () => {
  const server = await start()
  server.onRequest = (_call, _body, response) => {
    response.end('<!doctype html>')
    return true
  }
  const { link } = connect(server)
  await vi.waitFor(() => expect(link.state).toMatchObject({ phase: 'offline', code: 'not_carillon' }))
})

test('a server that answers but opens no sockets is told from one that is away', async () => {
  const server = await start()
  server.onCommand = (_, socket) => {
    socket.terminate()
    return null
  }
  const { link } = connect(server)
  await vi.waitFor(() => expect(link.state).toMatchObject({ phase: 'offline', code: 'refused' }))
  expect(link.state).toMatchObject({ message: expect.stringContaining('proxy') })
})

test('a revoked session ends the link and says why', async () => {
  const server = await start()
  const { link, rejections } = connect(server)
  await online(link)
  server.sessions.clear()
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await vi.waitFor(() => expect(rejections.map(({ code }) => code)).toEqual(['invalid_token']))
  await server.stop()
  await server.start()
  server.sessions.add('session')
  expect(link.state.phase).toBe('offline')
})

test('a forced disconnection with a session that still counts is not the end', async () => {
  const server = await start()
  const { link, rejections, states } = connect(server)
  await online(link)
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await vi.waitFor(() => expect(states.at(-2)).toMatchObject({ phase: 'offline', code: 'refused' }))
  await online(link)
  expect(rejections).toEqual([])
})

test.each([
  [3500, 'invalid token'],
  [3502, 'stale'],
  [3508, 'not available'],
  [1009, ''],
])('a client stopped by %i comes back as a new one, where the old one was in each channel', async (code, reason) => {
  const server = await start()
  const { link } = connect(server)
  const { heard } = listen(link, 'news:a', () => ({ epoch: 'first', offset: 4 }))
  await vi.waitFor(() => expect(heard.subscribed.length).toBe(1))
  const commands = server.commands.length
  server.disconnect({ code, reason })
  await vi.waitFor(() => expect(heard.subscribed.length).toBe(2))
  expect(heard.interrupted).toBeGreaterThan(0)
  expect(server.commands.slice(commands).find(({ subscribe }) => subscribe)?.subscribe).toMatchObject({
    recover: true,
    offset: 4,
    epoch: 'first',
  })
  await online(link)
})

test('a reply that stops the SDK does not stop the link', async () => {
  const server = await start()
  const { link } = connect(server)
  await online(link)
  const { heard } = listen(link, 'news:a')
  await vi.waitFor(() => expect(heard.subscribed.length).toBe(1))
  const raised = nextUnhandledRejection()
  let broken = 1
  server.onCommand = ({ connect: asked }) => (asked !== undefined && broken-- > 0 ? {} : undefined)
  server.disconnect()
  await vi.waitFor(() => expect(heard.subscribed.length).toBe(2))
  expect(broken).toBeLessThan(0)
  await raised
})

test('an exception in a listener stops neither the link nor the listener', async () => {
  const server = await start()
  const { link, log } = connect(server)
  const seen: unknown[] = []
  link.subscribe('news:a', {
    ...deaf,
    publication: ({ data }) => {
      seen.push(data)
      throw new Error('bug')
    },
  })
  await online(link)
  await vi.waitFor(() => expect(server.commands.some(({ subscribe }) => subscribe)).toBe(true))
  server.publish('news:a', 1)
  server.publish('news:a', 2)
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
  expect(log.lines.filter((line) => line.includes('handler failed'))).toHaveLength(2)
  expect(link.state.phase).toBe('online')
})

test('silence of a server that does not even ping replaces the client', async () => {
  const server = await start()
  const { link, states } = connect(server, { silence: 120 })
  await vi.waitFor(() => expect(states.map(({ phase }) => phase).slice(0, 3)).toEqual(['online', 'offline', 'online']))
  expect(server.commands.filter(({ connect: asked }) => asked).length).toBeGreaterThan(1)
  link[Symbol.dispose]()
})

test('a channel that is refused is said, and asked for again', async () => {
  const server = await start()
  let refusals = 1
  server.onCommand = ({ subscribe }) =>
    subscribe !== undefined && refusals-- > 0 ? { error: { code: 103, message: 'permission denied' } } : undefined
  const { link } = connect(server, { refusalRetry: 30 })
  const { heard } = listen(link, 'news:a')
  await vi.waitFor(() => expect(heard.refused).toEqual([[103, 'permission denied']]))
  await vi.waitFor(() => expect(heard.subscribed.length).toBe(1))
})

test('a disposed channel is unsubscribed and hears nothing more', async () => {
  const server = await start()
  const { link } = connect(server)
  const { heard, channel } = listen(link, 'news:a')
  await vi.waitFor(() => expect(heard.subscribed.length).toBe(1))
  channel[Symbol.dispose]()
  await vi.waitFor(() => expect(server.commands.at(-1)?.unsubscribe).toEqual({ channel: 'news:a' }))
  server.publish('news:a', 1)
  const again = listen(link, 'news:a')
  await vi.waitFor(() => expect(again.heard.subscribed).toEqual([{ epoch: 'first', offset: 1 }]))
  expect(heard.publications).toEqual([])
})

test('an HTTP error while trading the session is tried again, not taken for a rejection', async () => {
  const server = await start()
  let failures = 2
  server.onRequest = (call, _body, response) => {
    if (call !== 'POST /api/v1/access-tokens' || failures-- <= 0) return false
    refuse(response, 'unavailable', 503, 'The server is starting.')
    return true
  }
  const { link, states, rejections } = connect(server)
  await online(link)
  expect(states[0]).toMatchObject({ phase: 'offline', code: 'refused', message: 'The server is starting.' })
  expect(rejections).toEqual([])
})

test('waking up tries again at once', async () => {
  const server = await start()
  await server.stop()
  const { link } = connect(server, { minReconnect: 60_000, maxReconnect: 60_000 })
  await vi.waitFor(() => expect(link.state.phase).toBe('offline'))
  await server.start()
  link.wake()
  await online(link)
})

const deaf: ChannelListener = {
  position: () => null,
  subscribed: () => {},
  publication: () => {},
  interrupted: () => {},
  refused: () => {},
}

async function start(): Promise<LittleServer> {
  const server = await startLittleServer()
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

function connect(server: LittleServer, times: Partial<LinkTimes> = {}) {
  const states: LinkState[] = []
  const rejections: ServerError[] = []
  const log = memoryLog()
  const api = createServerApi({ origin: server.origin, timeout: 1000 })
  const link = createLink({
    url: server.socketUrl,
    token: async () => (await api.accessToken('session')).token,
    probe: () =>
      api.check().then(
        () => null,
        (error: unknown) => (error instanceof ServerError ? error : Promise.reject(error)),
      ),
    name: 'test',
    version: '0',
    log,
    onState: (state) => void states.push(state),
    onRejected: (error) => void rejections.push(error),
    times: { minReconnect: 10, maxReconnect: 30, maxReplace: 30, ...times },
  })
  onTestFinished(() => link[Symbol.dispose]())
  return { link, states, rejections, log }
}

function listen(link: Link, name: string, position: () => Position | null = () => null) {
  const heard = {
    subscribed: [] as (Position | null)[],
    publications: [] as { readonly data: unknown }[],
    refused: [] as (readonly [number, string])[],
    interrupted: 0,
  }
  const channel = link.subscribe(name, {
    position,
    subscribed: (at) => void heard.subscribed.push(at),
    publication: (publication) => void heard.publications.push(publication),
    interrupted: () => void heard.interrupted++,
    refused: (code, message) => void heard.refused.push([code, message]),
  })
  return { heard, channel }
}

/** The SDK raises what it could not handle on purpose; `main.ts` logs it. */
function nextUnhandledRejection(): Promise<unknown> {
  const usual = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of usual) process.on('unhandledRejection', listener)
  })
  return new Promise((resolve) => process.once('unhandledRejection', resolve))
}

async function online(link: Link): Promise<void> {
  await vi.waitFor(() => expect(link.state.phase).toBe('online'))
}
