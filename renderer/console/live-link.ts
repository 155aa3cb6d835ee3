import { Centrifuge, UnauthorizedError } from 'centrifuge'
import type { LinkState } from '#protocol/ipc.ts'
import { ApiError } from './api-error.ts'
import { type LinkEvent, step } from './link-step.ts'

/** The console's one socket. */
export interface LiveLink {
  readonly client: Centrifuge
  state(): LinkState
  subscribe(listener: () => void): () => void
  /** Tries again after the server refused. */
  retry(): void
  close(): void
}

export interface LiveLinkOptions {
  readonly url: string
  /** A new one-time ticket; throws `ApiError`. */
  readonly ticket: () => Promise<string>
  /** Called when the server may no longer know who is there, or know them with other rights. */
  readonly onDoubt: () => void
  readonly clock?: () => number
}

export function createLiveLink({ url, ticket, onDoubt, clock = Date.now }: LiveLinkOptions): LiveLink {
  const listeners = new Set<() => void>()
  let link: LinkState = { phase: 'connecting', since: clock() }
  const happen = (event: LinkEvent): void => {
    const next = step(link, event, clock())
    if (next === link) return
    link = next
    for (const listener of listeners) listener()
  }

  const client = new Centrifuge(url, {
    name: 'console',
    maxReconnectDelay: 10_000,
    getToken: () =>
      ticket().catch((error: unknown) => {
        if (error instanceof ApiError && error.is('unauthorized')) throw new UnauthorizedError('signed out')
        throw error
      }),
  })
  // A ticket opens one socket. Forgetting it makes the SDK ask for a new one at every attempt.
  const forgetTicket = (): void => client.setToken('')
  let hasBeenConnected = false
  client.on('connected', () => {
    forgetTicket()
    happen({ kind: 'connected' })
    // Whose rights have changed is sent away, and comes back with the new ones.
    if (hasBeenConnected) onDoubt()
    hasBeenConnected = true
  })
  client.on('connecting', ({ code }) => {
    forgetTicket()
    happen(code === connectCalled ? { kind: 'connecting' } : { kind: 'lost' })
  })
  client.on('error', () => {
    forgetTicket()
    happen({ kind: 'failed' })
  })
  client.on('disconnected', ({ code, reason }) => {
    if (code === disconnectCalled) return
    happen({ kind: 'refused', reason })
    onDoubt()
  })
  client.connect()

  return {
    client,
    state: () => link,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    retry: () => client.connect(),
    close: () => client.disconnect(),
  }
}

/** The SDK's own codes: the page asked for it. `disconnected` has 1 for "unauthorized". */
const connectCalled = 0
const disconnectCalled = 0
