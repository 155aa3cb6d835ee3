import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import type { Identity } from '#server/auth/identity.ts'
import { createMailbox } from './mailbox.ts'
import type { RealtimeRig } from './realtime-rig.ts'

/** A socket that speaks the protocol by hand, for what the SDK would never do. */
export interface RawClient {
  readonly socket: WebSocket
  /** Every message so far, in order. */
  readonly received: Message[]
  /** Sends these commands in one frame. */
  send(...commands: unknown[]): void
  sendText(text: string): void
  /** The first message, received already or not, that fits. */
  message(fits: (message: Message) => boolean): Promise<Message>
  /** The reply to the command with this id. */
  reply(id: number): Promise<Message>
  /** How the connection ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export interface Message {
  readonly id?: number
  readonly error?: { readonly code: number; readonly message: string; readonly temporary?: boolean }
  readonly push?: {
    readonly channel?: string
    readonly pub?: { readonly data: unknown; readonly offset?: number }
    readonly subscribe?: { readonly offset?: number; readonly recoverable?: boolean }
    readonly unsubscribe?: { readonly code: number; readonly reason: string }
    readonly join?: { readonly info: { readonly user: string } }
    readonly leave?: { readonly info: { readonly user: string } }
    readonly disconnect?: { readonly code: number; readonly reason: string }
  }
  readonly [command: string]: unknown
}

export async function openRaw(url: string, protocols: string[] = [], options: ClientOptions = {}): Promise<RawClient> {
  const socket = new WebSocket(url, protocols, options)
  onTestFinished(() => socket.terminate())
  const { received, put, message } = createMailbox()
  socket.on('message', (data) => {
    put(
      ...data
        .toString()
        .split('\n')
        .map((line) => JSON.parse(line) as Message),
    )
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  socket.on('error', () => {})
  await once(socket, 'open')

  return {
    socket,
    received,
    closed,
    send: (...commands) => socket.send(commands.map((command) => JSON.stringify(command)).join('\n')),
    sendText: (text) => socket.send(text),
    message,
    reply: (id) => message((candidate) => candidate.id === id),
  }
}

/** A raw client that has connected as this person. */
export async function connectTo(
  { url, identities }: Pick<RealtimeRig, 'url' | 'identities'>,
  identity: Identity,
): Promise<RawClient> {
  const raw = await openRaw(url)
  raw.send({ connect: { token: identities.token(identity) }, id: 1 })
  await raw.reply(1)
  return raw
}
