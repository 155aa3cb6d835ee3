import {
  Centrifuge,
  type HistoryOptions,
  type PublicationContext,
  type Subscription,
  UnauthorizedError,
} from 'centrifuge'
import WebSocket from 'ws'
import type { LinkState } from '#protocol/ipc.ts'
import { backoff } from './backoff.ts'
import { beginLink, type LinkEvent, step } from './link-state.ts'
import type { Log } from './log.ts'
import { ServerError } from './server-error.ts'
import type { Page, Position, Publication } from './stream.ts'

/** The one socket to the server. It never gives up: only its owner ends it. */
export interface Link extends Disposable {
  readonly state: LinkState
  /** Subscribes now and after every reconnection, until the handle is disposed. One per channel. */
  subscribe(channel: string, listener: ChannelListener): Channel
  /** Calls a method of the server. Rejects with `{ code, message }` as the SDK does, also when there is no connection. */
  rpc(method: string, data: unknown): Promise<unknown>
  /** Tries again now, for example because the machine woke up. */
  wake(): void
}

/** What a subscriber is told. `position` is asked when a subscription begins that the SDK knows nothing about. */
export interface ChannelListener {
  position(): Position | null
  subscribed(at: Position | null, recovered: boolean): void
  publication(publication: Publication): void
  /** The subscription is not live any more; it comes back by itself. */
  interrupted(): void
  /** The server does not allow it; asked again every `refusalRetry`. */
  refused(code: number, message: string): void
}

export interface Channel extends Disposable {
  /** Rejects with `{ code, message }` as the SDK does. */
  history(options: HistoryOptions): Promise<Page>
}

export interface LinkOptions {
  /** `ws://` or `wss://`. */
  readonly url: string
  /** Trades the session for a JWT. A rejection by the server ends the session. */
  token(): Promise<string>
  /** Why connecting fails: null when the server answers as it should. */
  probe(): Promise<ServerError | null>
  /** At most 16 characters. */
  readonly name: string
  readonly version: string
  readonly log: Log
  onState(state: LinkState): void
  /** The server rejects the session. The link has ended. */
  onRejected(error: ServerError): void
  /** Milliseconds; for tests. */
  readonly times?: Partial<LinkTimes>
}

export interface LinkTimes {
  /** Shortest and longest wait before the SDK tries again. */
  readonly minReconnect: number
  readonly maxReconnect: number
  /** Longest wait before a client that stopped for good is replaced. */
  readonly maxReplace: number
  /** Longest silence, pings included, before the client is taken for dead and replaced. */
  readonly silence: number
  readonly refusalRetry: number
}

const usualTimes: LinkTimes = {
  minReconnect: 300,
  maxReconnect: 5000,
  maxReplace: 30_000,
  silence: 90_000,
  refusalRetry: 30_000,
}

/** A connection that lasted this long, in milliseconds, makes the next replacement quick again. */
const steadyAfter = 10_000
/** The SDK's code for an attempt that `getToken` forbade. */
const unauthorized = 1

export function createLink(options: LinkOptions): Link {
  const { log } = options
  const times = { ...usualTimes, ...options.times }
  const channels = new Map<string, Wanted>()
  let state = beginLink(Date.now())
  let client: Centrifuge | null = null
  let rejection: ServerError | null = null
  let replaced = 0
  let probing = false
  let answeredProbes = 0
  let lastFailure = ''
  let lastHeard = Date.now()
  let replacement: NodeJS.Timeout | undefined
  const watchdog = setInterval(watch, times.silence / 6)

  function dispatch(event: LinkEvent): void {
    const next = step(state, event)
    if (next === state) return
    state = next
    log.info('link', { phase: next.phase, ...(next.phase === 'offline' ? { code: next.code } : {}) })
    options.onState(next)
  }

  /** A client of the SDK. Once it stops for good, whatever the reason, the next one takes its place. */
  function open(): void {
    clearTimeout(replacement)
    heard()
    const sdk: Centrifuge = new Centrifuge(options.url, {
      websocket: listeningSocket(heard),
      getToken: () => trade(sdk),
      name: options.name,
      version: options.version,
      minReconnectDelay: times.minReconnect,
      maxReconnectDelay: times.maxReconnect,
    })
    client = sdk
    const ours = guard(() => client === sdk)
    sdk.on(
      'connected',
      ours(() => {
        answeredProbes = 0
        lastFailure = ''
        dispatch({ type: 'connected', at: Date.now() })
      }),
    )
    sdk.on(
      'connecting',
      ours(({ code, reason }) => {
        if (state.phase !== 'online') return
        log.info('connection lost', { code, reason })
        lost(code)
      }),
    )
    sdk.on(
      'error',
      ours(({ type, error }) => {
        if (type !== 'connectToken') void findOut()
        logFailure(`${type} ${error.code} ${error.message}`)
      }),
    )
    sdk.on(
      'disconnected',
      ours(({ code, reason }) => {
        log.warn('connection ended', { code, reason })
        ended(code, reason)
      }),
    )
    // Of channels that the server itself has put this client into.
    sdk.on(
      'publication',
      ours(({ channel, ...publication }) => channels.get(channel)?.listener.publication(heardOf(publication))),
    )
    for (const [name, wanted] of channels) attach(sdk, name, wanted)
    sdk.connect()
  }

  /** Once for each reason until the next connection: a kiosk may try for weeks, and its disk is a memory card. */
  function logFailure(reason: string): void {
    if (reason !== lastFailure) log.info('connecting failed', { reason })
    lastFailure = reason
  }

  function lost(code: number): void {
    if (state.phase === 'online' && Date.now() - state.since >= steadyAfter) replaced = 0
    // Code 2 means that nothing was heard for a while: the server was gone before we noticed.
    dispatch({ type: 'lost', at: code === 2 ? lastHeard : Date.now() })
  }

  function ended(code: number, reason: string): void {
    lost(code)
    if (code === unauthorized && rejection !== null) {
      const error = rejection
      close()
      options.onRejected(error)
      return
    }
    if (code >= 3000) {
      const message = `The server closed the connection (${reason}). Carillon tries again by itself.`
      dispatch({ type: 'failed', code: 'refused', message })
    }
    replace()
  }

  /** A client that is told to stay away is replaced: the new one begins by asking whether the session still counts. */
  function replace(): void {
    dismiss()
    clearTimeout(replacement)
    replacement = setTimeout(open, backoff(replaced++, times.minReconnect, times.maxReplace))
  }

  function dismiss(): void {
    const old = client
    client = null
    for (const wanted of channels.values()) release(wanted)
    old?.disconnect()
  }

  async function trade(sdk: Centrifuge): Promise<string> {
    heard()
    try {
      return await options.token()
    } catch (error) {
      if (!(error instanceof ServerError) || client !== sdk) throw error
      if (error.isRejection) {
        rejection = error
        throw new UnauthorizedError(error.code)
      }
      const code = error.code === 'server_unreachable' || error.code === 'not_carillon' ? error.code : 'refused'
      dispatch({ type: 'failed', code, message: error.message })
      throw error
    }
  }

  /** The SDK only knows that a socket did not open: asks over HTTP what is wrong. */
  async function findOut(): Promise<void> {
    if (probing) return
    probing = true
    const sdk = client
    try {
      const error = await options.probe()
      if (client !== sdk || sdk === null) return
      answeredProbes = error === null ? answeredProbes + 1 : 0
      if (error !== null) {
        const code = error.code === 'not_carillon' ? 'not_carillon' : 'server_unreachable'
        dispatch({ type: 'failed', code, message: error.message })
      } else if (answeredProbes > 1) {
        // Once can be chance: the server may have come back between the two.
        const message =
          'The server answers but opens no live connection. Does a proxy in between let WebSockets through?'
        dispatch({ type: 'failed', code: 'refused', message })
      }
    } finally {
      probing = false
    }
  }

  function attach(sdk: Centrifuge, name: string, wanted: Wanted): void {
    const since = wanted.listener.position()
    const sub = sdk.newSubscription(name, {
      recoverable: true,
      positioned: true,
      minResubscribeDelay: times.minReconnect,
      maxResubscribeDelay: times.maxReconnect,
      ...(since === null ? {} : { since: { ...since } }),
    })
    wanted.sub = sub
    const ours = guard(() => client === sdk && wanted.sub === sub)
    sub.on(
      'subscribed',
      ours(({ streamPosition, recovered }) => {
        log.info('subscribed', { channel: name, recovered, offset: streamPosition?.offset ?? null })
        wanted.listener.subscribed(streamPosition ?? null, recovered)
      }),
    )
    sub.on(
      'publication',
      ours((publication) => wanted.listener.publication(heardOf(publication))),
    )
    sub.on(
      'subscribing',
      ours(() => wanted.listener.interrupted()),
    )
    sub.on(
      'error',
      ours(({ error }) => log.warn('subscribing failed', { channel: name, code: error.code, reason: error.message })),
    )
    sub.on(
      'unsubscribed',
      ours(({ code, reason }) => {
        log.warn('subscription refused', { channel: name, code, reason })
        wanted.listener.interrupted()
        wanted.listener.refused(code, reason)
        wanted.retry = setTimeout(() => {
          if (client !== sdk) return
          sdk.removeSubscription(sub)
          attach(sdk, name, wanted)
        }, times.refusalRetry)
      }),
    )
    sub.subscribe()
  }

  function release(wanted: Wanted): Subscription | null {
    const { sub } = wanted
    clearTimeout(wanted.retry)
    wanted.sub = null
    if (sub !== null) wanted.listener.interrupted()
    return sub
  }

  function watch(): void {
    if (client === null || Date.now() - lastHeard < times.silence) return
    log.warn('nothing heard', { seconds: Math.round((Date.now() - lastHeard) / 1000) })
    dispatch({ type: 'lost', at: lastHeard })
    dismiss()
    open()
  }

  function heard(): void {
    lastHeard = Date.now()
  }

  function close(): void {
    clearInterval(watchdog)
    clearTimeout(replacement)
    dismiss()
    channels.clear()
  }

  /** An exception in a handler stops the SDK for good, so none gets out; what an old client says is not heard. */
  function guard(isOurs: () => boolean) {
    return <A extends readonly unknown[]>(handler: (...args: A) => void) =>
      (...args: A): void => {
        if (!isOurs()) return
        try {
          handler(...args)
        } catch (error) {
          log.error('handler failed', {
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          })
        }
      }
  }

  open()
  return {
    get state() {
      return state
    },
    subscribe(name, listener) {
      if (channels.has(name)) throw new Error(`Already subscribed to ${name}.`)
      const wanted: Wanted = { listener, sub: null, retry: undefined }
      channels.set(name, wanted)
      if (client !== null) attach(client, name, wanted)
      return {
        history: (request) => wanted.sub?.history(request) ?? Promise.reject({ code: 0, message: 'not connected' }),
        [Symbol.dispose]() {
          if (channels.get(name) !== wanted) return
          channels.delete(name)
          const sub = release(wanted)
          if (sub !== null) client?.removeSubscription(sub)
        },
      }
    },
    async rpc(method, data) {
      if (client === null || state.phase !== 'online') throw { code: 0, message: 'not connected' }
      return (await client.rpc(method, data)).data
    },
    wake() {
      if (client === null || state.phase === 'online') return
      dismiss()
      open()
    },
    [Symbol.dispose]: close,
  }
}

function heardOf({ data, offset, tags }: Pick<PublicationContext, 'data' | 'offset' | 'tags'>): Publication {
  return { data, ...(offset === undefined ? {} : { offset }), ...(tags === undefined ? {} : { tags }) }
}

interface Wanted {
  readonly listener: ChannelListener
  /** Of the present client; null when there is none. */
  sub: Subscription | null
  retry: NodeJS.Timeout | undefined
}

/** A `WebSocket` class that reports every sign of life. */
function listeningSocket(heard: () => void): new (address: string | URL, protocols?: string | string[]) => WebSocket {
  return class extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { handshakeTimeout: 10_000 })
      heard()
      this.on('message', heard)
      this.on('ping', heard)
    }
  }
}
