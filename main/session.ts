import type { FeedEvent, LinkState, OwnTasksState } from '#protocol/ipc.ts'
import { createFeed, type Feed } from './feed.ts'
import { createLink, type Link, type LinkTimes } from './link.ts'
import type { Log } from './log.ts'
import { createOwnTasks, type OwnTasks } from './own-tasks.ts'
import { socketUrl } from './server-address.ts'
import type { ServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'

/** Being signed in to a server: its socket and what arrives on it. Ends with the credential or with the app. */
export interface Session extends Disposable {
  readonly link: Link
  readonly feed: Feed
  readonly tasks: OwnTasks
}

export interface SessionOptions {
  readonly api: ServerApi
  /** The session token as it is now: a device changes its own. */
  token(): string
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
  /** Without `withDefinitions` nobody is there to start a task. */
  readonly withDefinitions?: boolean
  onTasks(tasks: OwnTasksState): void
  /** The server asks for another credential to be taken. */
  onRotate?(): void
  /** The server rejects the credential. The session has ended. */
  onRejected(error: ServerError): void
}

export function openSession(options: SessionOptions): Session {
  const { api, log } = options
  const link = createLink({
    url: socketUrl(api.origin),
    token: () => trade(options),
    probe: () =>
      api.check().then(
        () => null,
        (error: unknown) => (error instanceof ServerError ? error : Promise.reject(error)),
      ),
    name: options.name,
    version: options.version,
    log,
    onState(state) {
      if (state.phase === 'online') tasks.refresh()
      options.onLink(state)
    },
    onRejected: options.onRejected,
    ...(options.times === undefined ? {} : { times: options.times }),
  })
  const { onEvent, onEarlier, onTrouble } = options
  const feed = createFeed({ link, log, onEvent, onTrouble, ...(onEarlier === undefined ? {} : { onEarlier }) })
  const tasks = createOwnTasks({
    link,
    log,
    withDefinitions: options.withDefinitions === true,
    onState: options.onTasks,
  })
  return {
    link,
    feed,
    tasks,
    [Symbol.dispose]() {
      tasks[Symbol.dispose]()
      feed[Symbol.dispose]()
      link[Symbol.dispose]()
    },
  }
}

/** A JWT for the socket. A token that was changed while it was on its way is no reason to be taken for signed out. */
async function trade(options: SessionOptions): Promise<string> {
  const used = options.token()
  try {
    const { token, rotate } = await options.api.accessToken(used)
    if (rotate) options.onRotate?.()
    return token
  } catch (error) {
    if (options.token() === used) throw error
    return (await options.api.accessToken(options.token())).token
  }
}
