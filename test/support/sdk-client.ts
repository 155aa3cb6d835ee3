import { Centrifuge, type Options, type Subscription, type TransportEndpoint } from 'centrifuge'
import { WebSocket } from 'ws'
import { bearer, type ServerProcess } from './server-process.ts'

/** The unmodified SDK, ended with the test. */
export interface SdkClient extends Disposable {
  readonly client: Centrifuge
}

export function sdkClient(
  server: ServerProcess,
  options: Partial<Options> = {},
  endpoint: string | TransportEndpoint[] = `${server.url.replace('http', 'ws')}/connection/websocket`,
): SdkClient {
  const client = new Centrifuge(endpoint, {
    websocket: WebSocket,
    minReconnectDelay: 100,
    maxReconnectDelay: 1000,
    ...options,
  })
  // An event nobody listens to would be thrown.
  client.on('error', () => {})
  return { client, [Symbol.dispose]: () => client.disconnect() }
}

/** `getToken` for the SDK: a new ticket for each connection. */
export const ticketFor = (server: ServerProcess, token: string) => () =>
  opener(server, token, '/api/v1/tickets', 'ticket')
/** `getToken` for the SDK: a JWT of five minutes. */
export const jwtFor = (server: ServerProcess, token: string) => () =>
  opener(server, token, '/api/v1/access-tokens', 'token')

async function opener(server: ServerProcess, token: string, path: string, field: string): Promise<string> {
  const { body } = await server.api('POST', path, { headers: bearer(token) })
  return (body as Record<string, string>)[field] ?? ''
}

/** Resolves with the next event of this name. */
export function next<T>(
  emitter: { once(event: string, listener: (value: T) => void): unknown },
  event: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within 20 s`)), 20_000)
    emitter.once(event, (value) => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}

/** Subscribes and collects what arrives. */
export async function collect(
  client: Centrifuge,
  channel: string,
): Promise<{ subscription: Subscription; received: unknown[] }> {
  const received: unknown[] = []
  const subscription = client.newSubscription(channel)
  subscription.on('publication', ({ data }) => void received.push(data))
  subscription.on('error', () => {})
  const subscribed = next(subscription as never, 'subscribed')
  subscription.subscribe()
  await subscribed
  return { subscription, received }
}
