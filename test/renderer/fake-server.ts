import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ChannelsAnswer, Me } from '#protocol/api.ts'
import type { ClientDetail, FramesEvent } from '#protocol/clients.ts'
import type { DeviceView, EnrolmentView } from '#protocol/devices.ts'
import type { ProblemCode } from '#protocol/problem.ts'
import { closeHttp } from '../support/close-http.ts'
import { accountRoutes, createAccount, type FakeAccount } from './fake-account.ts'
import { administrationRoute, createAdministration, type FakeAdministration } from './fake-administration.ts'
import { send, sendProblem } from './fake-answers.ts'
import { createFakeScreens, type FakeScreens, screenRoute } from './fake-screens.ts'
import { createFakeTasks, type FakeTasks, taskRoute } from './fake-tasks.ts'
import { sendFile } from './pages.ts'

/**
 * A fixture, not the product: as much of a server as the console's pages need to be drawn and used. The real one is
 * tested elsewhere. It answers sensibly by default, records what it was asked, and lets a test decide the rest.
 */
export interface FakeServer extends AsyncDisposable {
  readonly url: string
  /** What a test may change at any time. */
  readonly world: World
  /** `POST /api/publish {…}` and so on, in order, GET left out. */
  readonly asked: { readonly call: string; readonly body: unknown }[]
  /** Resolves once a page has opened this channel: what is published before is lost. */
  subscribed(channel: string): Promise<void>
  /** Sends a publication to every open socket. */
  publish(channel: string, data: unknown): void
  /** The same in the name of a client. */
  publishAs(channel: string, data: unknown, info: { readonly user: string; readonly client: string }): void
  /** Sends an event to everybody who watches a client. */
  show(event: FramesEvent): void
  /** Cuts every socket, as a server does that goes away. */
  dropSockets(): void
  /** Closes every socket with a code that tells the client to stay away. */
  refuseSockets(): void
}

export interface World {
  me: Me | null
  /** Who signs in. */
  readonly person: Me
  setUp: boolean
  devices: DeviceView[]
  clients: ClientDetail[]
  enrolment: EnrolmentView | null
  channels: ChannelsAnswer
  /** Oldest first, of every channel. */
  history: unknown[]
  /** What a call is refused with: `POST /api/v1/enrolments/approve`, ids and codes left out, or `DELETE /api/v1/sessions/{id}`. */
  refusals: Map<string, { code: ProblemCode; detail: string; retryAfter?: number }>
  account: FakeAccount
  administration: FakeAdministration
  readonly tasks: FakeTasks
  readonly screens: FakeScreens
  /** Whether sockets are taken. */
  reachable: boolean
}

export async function startFakeServer(folder: string): Promise<FakeServer> {
  const asked: { call: string; body: unknown }[] = []
  const world = createWorld()
  const watchers = new Set<ServerResponse>()
  const subscriptions = new Set<string>()
  const sockets = new WebSocketServer({ noServer: true })
  const http = createServer((request, response) => void answer(request, response))
  http.on('upgrade', (request, socket, head) => {
    if (!world.reachable) socket.destroy()
    else sockets.handleUpgrade(request, socket, head, (opened) => serveSocket(opened, world, subscriptions))
  })
  const port = await listen(http)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (!/^\/(api|\.well-known)\//.test(pathname)) {
      const isPage = !pathname.startsWith('/assets/')
      await sendFile(folder, isPage ? '/index.html' : pathname, response)
      return
    }
    const body = await readBody(request)
    const call = `${request.method} ${pathname.replace(/\/(devices|enrolments)\/[^/]+/, '/$1').replace(/\/clients\/[^/]+/, '/clients/one')}`
    if (request.method !== 'GET') asked.push({ call: `${request.method} ${pathname}`, body })
    const ofOne = `${request.method} ${pathname.replace(/[^/]+$/, '{id}')}`
    const refusal = world.refusals.get(call) ?? world.refusals.get(ofOne)
    if (refusal !== undefined) {
      if (refusal.retryAfter !== undefined) response.setHeader('retry-after', String(refusal.retryAfter))
      sendProblem(response, refusal.code, refusal.detail)
      return
    }
    if (call === 'GET /api/v1/clients/one/frames') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      response.write(`data: ${JSON.stringify({ clients: 1, dropped: 0, frames: [], endings: [] })}\n\n`)
      watchers.add(response)
      response.once('close', () => watchers.delete(response))
      return
    }
    const method = request.method ?? ''
    const ofTasks = taskRoute(method, pathname)
    const ofScreens = screenRoute(method, pathname)
    const one = [ofTasks, ofScreens].find(({ route }) => route !== undefined) ?? administrationRoute(method, pathname)
    const route = one.route ?? routes[call] ?? accountRoutes[call] ?? accountRoutes[ofOne]
    const id = one.route === undefined ? (pathname.split('/').at(-1) ?? '') : one.id
    if (route === undefined) sendProblem(response, 'not_found', `There is nothing at ${call}.`)
    else route(world, response, body, searchParams, id)
  }

  return {
    url: `http://127.0.0.1:${port}`,
    world,
    asked,
    subscribed: (channel) => expect.poll(() => [...subscriptions]).toContain(channel),
    publish(channel, data) {
      world.history.push(data)
      const pub = { data, offset: world.history.length }
      for (const socket of sockets.clients) socket.send(JSON.stringify({ push: { channel, pub } }))
    },
    publishAs(channel, data, info) {
      for (const socket of sockets.clients) socket.send(JSON.stringify({ push: { channel, pub: { data, info } } }))
    },
    show(event) {
      for (const watcher of watchers) watcher.write(`data: ${JSON.stringify(event)}\n\n`)
    },
    dropSockets() {
      for (const socket of sockets.clients) socket.terminate()
    },
    refuseSockets() {
      for (const socket of sockets.clients) socket.close(3503, 'force disconnect')
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      await closeHttp(http)
    },
  }
}

// What a browser has loaded it need not load again from the same address.
let lastPort = 0

/** Takes the port of the server before this one, unless that is still taken. */
async function listen(http: Server): Promise<number> {
  const listening = (port: number) => {
    http.listen(port, '127.0.0.1')
    return once(http, 'listening')
  }
  await listening(lastPort).catch(() => listening(0))
  lastPort = (http.address() as AddressInfo).port
  return lastPort
}

export type Route = (
  world: World,
  response: ServerResponse,
  body: unknown,
  query: URLSearchParams,
  /** What stands in the path for which one is meant. */
  id: string,
) => void

const routes: Readonly<Record<string, Route>> = {
  'GET /.well-known/carillon': ({ setUp }, response) =>
    send(response, 200, { name: 'carillon', version: '0.1.0', setUp }),
  'GET /api/v1/me': ({ me }, response) =>
    me === null ? sendProblem(response, 'unauthorized', 'Sign in first.') : send(response, 200, me),
  'GET /api/v1/setup': ({ setUp }, response, _body, query) =>
    setUp || query.get('token') !== 'right'
      ? sendProblem(response, 'setup_link_invalid', 'This link has been used or replaced. Start the server again.')
      : send(response, 204, null),
  'POST /api/v1/setup': (world, response) => {
    world.setUp = true
    world.me = ada
    send(response, 201, {})
  },
  'POST /api/auth/sign-out': (world, response) => {
    world.me = null
    send(response, 200, { success: true })
  },
  'GET /api/v1/devices': ({ devices }, response) => send(response, 200, { items: devices, next: null }),
  'DELETE /api/v1/devices': (world, response) => {
    world.devices.shift()
    send(response, 204, null)
  },
  'GET /api/v1/clients': ({ clients }, response, _body, query) => {
    const items = clients.filter(({ name }) => name.includes(query.get('search') ?? ''))
    send(response, 200, { items: items.map(({ channelNames: _, ...item }) => item), next: null })
  },
  'GET /api/v1/clients/one': ({ clients: [client] }, response) =>
    client === undefined
      ? sendProblem(response, 'unknown_client', 'This connection has ended. List the connections again.')
      : send(response, 200, client),
  'DELETE /api/v1/clients/one': (world, response) => {
    world.clients.shift()
    send(response, 204, null)
  },
  'GET /api/v1/enrolments': ({ enrolment }, response) =>
    enrolment === null
      ? sendProblem(response, 'unknown_code', 'No screen shows this code. Compare it with the screen and try again.')
      : send(response, 200, enrolment),
  'POST /api/v1/enrolments/approve': (_world, response) => send(response, 201, { id: 'd9', name: 'lobby-2' }),
  'POST /api/v1/enrolments/deny': (_world, response) => send(response, 204, null),
  'GET /api/v1/channels': ({ channels }, response) => send(response, 200, channels),
  'POST /api/v1/tickets': (_world, response) => {
    tickets += 1
    send(response, 201, { ticket: `ticket-${tickets}`, expiresIn: 20 })
  },
  'POST /api/publish': (_world, response) => send(response, 200, { result: { offset: 1, epoch: 'e' } }),
}
let tickets = 0

/** The frames of the client protocol that a page reading one channel meets. A ticket works once. */
function serveSocket(socket: WebSocket, world: World, subscriptions: Set<string>): void {
  const since = (offset: number) =>
    world.history
      .map((data, index) => ({ data, offset: index + 1 }))
      .filter((publication) => publication.offset > offset)
  socket.on('message', (message) => {
    for (const line of String(message).split('\n')) {
      const frame = JSON.parse(line) as ClientFrame
      if (frame.id === undefined) continue
      const reply = (content: object): void => socket.send(JSON.stringify({ id: frame.id, ...content }))
      if (frame.connect !== undefined) {
        if (usedTickets.has(frame.connect.token)) socket.close(3500, 'invalid token')
        usedTickets.add(frame.connect.token)
        reply({ connect: { client: 'c1', version: 'fake', ping: 25, pong: true } })
      } else if (frame.subscribe?.channel?.startsWith('nope:')) {
        reply({ error: { code: 102, message: 'unknown channel' } })
      } else if (frame.subscribe !== undefined) {
        const { recover = false, offset: from = 0 } = frame.subscribe
        const recovery = recover ? { was_recovering: true, recovered: true, publications: since(from) } : {}
        const offset = world.history.length
        reply({ subscribe: { recoverable: true, positioned: true, epoch: 'e', offset, ...recovery } })
        subscriptions.add(frame.subscribe.channel ?? '')
      } else if (frame.history !== undefined) {
        reply({ history: { publications: since(0).reverse(), epoch: 'e', offset: world.history.length } })
      } else {
        reply({ error: { code: 104, message: 'method not found' } })
      }
    }
  })
}
const usedTickets = new Set<string>()

interface ClientFrame {
  readonly id?: number
  readonly connect?: { readonly token: string }
  readonly subscribe?: { readonly channel?: string; readonly recover?: boolean; readonly offset?: number }
  readonly history?: object
}

export const ada: Me = {
  id: 'u1',
  kind: 'user',
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  role: 'admin',
  device: null,
}

function createWorld(): World {
  return {
    me: ada,
    person: ada,
    setUp: true,
    devices: [],
    clients: [],
    enrolment: null,
    channels: {
      namespaces: [
        { name: 'news', subscribe: true, publish: true, historySize: 1000, historyTtlSeconds: 604_800 },
        { name: 'commands', subscribe: true, publish: true, historySize: 1000, historyTtlSeconds: 604_800 },
        { name: 'telemetry', subscribe: true, publish: false, historySize: 0, historyTtlSeconds: 0 },
      ],
      active: [
        { channel: 'news:general', clients: 3 },
        { channel: 'commands:lobby-1', clients: 1 },
      ],
    },
    history: [],
    refusals: new Map(),
    account: createAccount(),
    administration: createAdministration(),
    tasks: createFakeTasks(),
    screens: createFakeScreens(),
    reachable: true,
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? null : (JSON.parse(text) as unknown)
}
