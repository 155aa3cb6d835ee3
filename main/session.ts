import type { FeedEvent, LinkState } from '#protocol/ipc.ts'
import { createFeed, type Feed } from './feed.ts'
import { createLink, type Link, type LinkTimes } from './link.ts'
import type { Log } from './log.ts'
import { socketUrl } from './server-address.ts'
import type { ServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'

/** Being signed in to a server: its socket and what arrives on it. Ends with the credential or with the app. */
export interface Session extends Disposable {
  readonly link: Link
  readonly feed: Feed
}

export interface SessionOptions {
  readonly api: ServerApi
  readonly token: string
  /** How the client calls itself to the server. */
  readonly name: string
  readonly version: string
  readonly log: Log
  readonly times?: Partial<LinkTimes>
  onLink(state: LinkState): void
  onEvent(event: FeedEvent): void
  /** As in `FeedOptions`: without this the past is not asked for. */
  onEarlier?(events: readonly FeedEvent[]): void
  onTrouble(): void
  /** The server rejects the credential. The session has ended. */
  onRejected(error: ServerError): void
}

export function openSession(options: SessionOptions): Session {
  const { api, token, log } = options
  const link = createLink({
    url: socketUrl(api.origin),
    token: () => api.accessToken(token),
    probe: () =>
      api.check().then(
        () => null,
        (error: unknown) => (error instanceof ServerError ? error : Promise.reject(error)),
      ),
    name: options.name,
    version: options.version,
    log,
    onState: options.onLink,
    onRejected: options.onRejected,
    ...(options.times === undefined ? {} : { times: options.times }),
  })
  const { onEvent, onEarlier, onTrouble } = options
  const feed = createFeed({ link, log, onEvent, onTrouble, ...(onEarlier === undefined ? {} : { onEarlier }) })
  return {
    link,
    feed,
    [Symbol.dispose]() {
      feed[Symbol.dispose]()
      link[Symbol.dispose]()
    },
  }
}
