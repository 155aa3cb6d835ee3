import {
  Centrifuge,
  type Options,
  type PublicationContext,
  type Subscription,
  type SubscriptionOptions,
  type TransportEndpoint,
} from 'centrifuge'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { patienceMs } from './patience.ts'

/** The unmodified SDK, disconnected with the test. Comes back quickly. */
export function sdk(url: string | TransportEndpoint[], options: Partial<Options> = {}): Centrifuge {
  const sockets: WebSocket[] = []
  class Recorded extends WebSocket {
    constructor(address: string) {
      super(address)
      sockets.push(this)
    }
  }
  const client = new Centrifuge(url, {
    websocket: Recorded,
    minReconnectDelay: 20,
    maxReconnectDelay: 200,
    ...options,
  })
  // What the SDK reports here is tested by its effects.
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  socketsOf.set(client, sockets)
  return client
}

const socketsOf = new WeakMap<Centrifuge, WebSocket[]>()

/** Resolves with the next event of this name, and fails when there is none in ten seconds. */
export function nextEvent<T>(emitter: unknown, event: string): Promise<T> {
  // The emitters' own types tie each name to its context; a test names the context it expects.
  const source = emitter as { once(event: string, listener: (context: T) => void): void }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} event`)), patienceMs)
    source.once(event, (context) => {
      clearTimeout(timer)
      resolve(context)
    })
  })
}

/** Connects and waits for it. */
export async function connected(client: Centrifuge): Promise<Centrifuge> {
  client.connect()
  await client.ready(10_000)
  return client
}

export interface Followed {
  readonly subscription: Subscription
  readonly publications: PublicationContext[]
  readonly data: unknown[]
}

/** Subscribes and collects what arrives. */
export async function follow(
  client: Centrifuge,
  channel: string,
  options: Partial<SubscriptionOptions> = {},
): Promise<Followed> {
  const subscription = client.newSubscription(channel, options)
  const publications: PublicationContext[] = []
  const data: unknown[] = []
  subscription.on('publication', (publication) => {
    publications.push(publication)
    data.push(publication.data)
  })
  subscription.on('error', () => {})
  subscription.subscribe()
  await subscription.ready(10_000)
  return { subscription, publications, data }
}

/** The socket that this client opened last, to be cut or silenced. */
export function socketOf(client: Centrifuge): WebSocket {
  const socket = socketsOf.get(client)?.at(-1)
  if (!socket) throw new Error('this client has opened no socket')
  return socket
}
