import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/**
 * A Carillon server small enough to misbehave on command: it answers sensibly by default, records what it was asked, and
 * has hooks to answer otherwise. Speaks the parts of HTTP and of the Centrifuge protocol that the app uses.
 */
export interface LittleServer extends AsyncDisposable {
  readonly origin: string
  readonly socketUrl: string
  /** `METHOD path` of each HTTP request, in order. */
  readonly requests: readonly string[]
  /** Commands received over sockets, in order. */
  readonly commands: readonly Command[]
  /** Bearer tokens that are good. */
  readonly sessions: Set<string>
  /** Who everybody is. */
  me: Record<string, unknown>
  readonly stars: Set<string>
  readonly channels: Map<string, ChannelState>
  /** Answers an HTTP request instead of the default; return false to leave it. */
  onRequest: (call: string, body: unknown, response: ServerResponse) => boolean | Promise<boolean>
  /** Answers a command instead of the default; return undefined to leave it, null for silence. */
  onCommand: (command: Command, socket: WebSocket) => Reply | null | undefined
  publish(channel: string, data: unknown, tags?: Record<string, string>): number
  /** Ends all sockets: with a close frame, or without a word. */
  disconnect(close?: { readonly code: number; readonly reason: string }): void
  /** Stops listening and cuts everything off, as a killed process would. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

export interface ChannelState {
  epoch: string
  top: number
  kept: { offset: number; data: unknown; tags?: Record<string, string> }[]
}

interface Asked {
  readonly channel?: string
  readonly recover?: boolean
  readonly offset?: number
  readonly epoch?: string
  readonly limit?: number
  readonly reverse?: boolean
  readonly since?: { readonly offset?: number; readonly epoch?: string }
  readonly token?: string
}
export interface Command {
  readonly id?: number
  readonly connect?: Asked
  readonly subscribe?: Asked
  readonly unsubscribe?: Asked
  readonly history?: Asked
  readonly rpc?: { readonly method: string; readonly data: unknown }
}
type Reply = Readonly<Record<string, unknown>>

const sessionOf = (request: IncomingMessage): string => (request.headers.authorization ?? '').replace('Bearer ', '')

export async function startLittleServer(): Promise<LittleServer> {
  const requests: string[] = []
  const commands: Command[] = []
  const channels = new Map<string, ChannelState>()
  const subscribers = new Map<WebSocket, Set<string>>()
  let port = 0
  let running: { close(): Promise<void> } | null = null

  const server: LittleServer = {
    get origin() {
      return `http://127.0.0.1:${port}`
    },
    get socketUrl() {
      return `ws://127.0.0.1:${port}/connection/websocket`
    },
    requests,
    commands,
    channels,
    sessions: new Set(['session']),
    me: { id: 'u1', kind: 'user', name: 'Ada', email: 'ada@example.org', role: 'operator', device: null },
    stars: new Set(),
    onRequest: () => false,
    onCommand: () => undefined,
    publish(channel, data, tags) {
      const state = channelOf(channel)
      const publication = { offset: ++state.top, data, ...(tags === undefined ? {} : { tags }) }
      state.kept.push(publication)
      for (const [socket, subscribed] of subscribers) {
        if (subscribed.has(channel)) send(socket, { push: { channel, pub: publication } })
      }
      return publication.offset
    },
    disconnect(close) {
      for (const socket of subscribers.keys()) {
        if (close === undefined) socket.terminate()
        else socket.close(close.code, close.reason)
      }
    },
    async stop() {
      await running?.close()
      running = null
    },
    async start() {
      running ??= await listen()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }

  function channelOf(name: string): ChannelState {
    const state = channels.get(name) ?? { epoch: 'first', top: 0, kept: [] }
    channels.set(name, state)
    return state
  }

  async function listen(): Promise<{ close(): Promise<void> }> {
    const http = createServer((request, response) => void answer(request, response))
    const sockets = new WebSocketServer({ server: http })
    sockets.on('connection', (socket) => {
      subscribers.set(socket, new Set())
      socket.on('close', () => subscribers.delete(socket))
      socket.on('error', () => {})
      socket.on('message', (frame) => {
        for (const line of String(frame).split('\n')) if (line !== '' && line !== '{}') handle(socket, JSON.parse(line))
      })
    })
    await new Promise<void>((resolve, reject) => http.once('error', reject).listen(port, '127.0.0.1', resolve))
    port = (http.address() as AddressInfo).port
    return {
      async close() {
        for (const socket of sockets.clients) socket.terminate()
        const closed = new Promise((done) => http.close(done))
        http.closeAllConnections()
        await closed
      },
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const isPicture = request.headers['content-type'] === 'image/png'
    const body: unknown = isPicture ? bytes : bytes.byteLength === 0 ? undefined : JSON.parse(bytes.toString())
    const call = `${request.method} ${request.url}`
    requests.push(call)
    if (await server.onRequest(call, body, response)) return
    if (call === 'GET /.well-known/carillon') {
      return reply(response, { name: 'carillon', version: '0.1.0', setUp: true })
    }
    if (call === 'POST /api/v1/token') {
      server.sessions.add('session')
      return reply(response, { token: 'session', expiresAt: '2030-01-01T00:00:00Z' })
    }
    if (!server.sessions.has(sessionOf(request))) return refuse(response, 'invalid_token', 401)
    if (call === 'POST /api/v1/access-tokens') {
      return reply(response, { token: `jwt-of-${sessionOf(request)}`, expiresIn: 300 })
    }
    if (call === 'GET /api/v1/me') return reply(response, server.me)
    if (call === 'GET /api/v1/stars') return reply(response, { channels: [...server.stars] })
    if (call === 'DELETE /api/v1/token') {
      server.sessions.delete(sessionOf(request))
      return void response.writeHead(204).end()
    }
    const starred = /^(PUT|DELETE) \/api\/v1\/stars\/(.+)$/.exec(call)
    if (starred?.[2] === undefined) return refuse(response, 'not_found', 404)
    if (starred[1] === 'PUT') server.stars.add(decodeURIComponent(starred[2]))
    else server.stars.delete(decodeURIComponent(starred[2]))
    response.writeHead(204).end()
  }

  function handle(socket: WebSocket, command: Command): void {
    commands.push(command)
    const special = server.onCommand(command, socket)
    if (special === null) return
    const reply = special ?? answerCommand(socket, command)
    if (reply !== null) send(socket, { id: command.id, ...reply })
  }

  function answerCommand(socket: WebSocket, { connect, subscribe, unsubscribe, history }: Command): Reply | null {
    if (connect !== undefined) {
      const session = connect.token?.replace('jwt-of-', '') ?? ''
      if (server.sessions.has(session)) return { connect: { client: 'c', version: 'little', ping: 25, pong: true } }
      socket.close(3500, 'invalid token')
      return null
    }
    const asked = subscribe ?? unsubscribe ?? history
    const name = asked?.channel ?? ''
    const { epoch, top, kept } = channelOf(name)
    if (subscribe !== undefined) {
      subscribers.get(socket)?.add(name)
      const { recover = false, offset = 0 } = subscribe
      const known = subscribe.epoch === undefined || subscribe.epoch === epoch
      const missed = kept.filter((publication) => publication.offset > offset)
      const recovered = recover && known && top - offset === missed.length && missed.length <= 300
      const flags = { recoverable: true, positioned: true, epoch, was_recovering: recover }
      return recovered
        ? { subscribe: { ...flags, recovered, offset, publications: missed } }
        : { subscribe: { ...flags, offset: top } }
    }
    if (unsubscribe !== undefined) {
      subscribers.get(socket)?.delete(name)
      return { unsubscribe: {} }
    }
    if (history === undefined) return { error: { code: 104, message: 'method not found' } }
    const since = history.since
    if (since?.epoch !== undefined && since.epoch !== '' && since.epoch !== epoch) {
      return { error: { code: 112, message: 'unrecoverable position' } }
    }
    const ordered = history.reverse ? kept.toReversed() : kept.filter(({ offset }) => offset > (since?.offset ?? 0))
    return { history: { epoch, offset: top, publications: ordered.slice(0, history.limit ?? 0) } }
  }

  await server.start()
  return server
}

/** Answers with a problem document. */
export function refuse(response: ServerResponse, code: string, status: number, detail = `${code}.`): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }))
}

/** Answers with JSON. */
export function reply(response: ServerResponse, body: unknown): void {
  response.end(JSON.stringify(body))
}

function send(socket: WebSocket, message: unknown): void {
  socket.send(JSON.stringify(message))
}
