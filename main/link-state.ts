import type { LinkState, LinkTrouble } from '#protocol/ipc.ts'

/** What happens to a link. Times are milliseconds since 1970. */
export type LinkEvent =
  | { readonly type: 'connected'; readonly at: number }
  /** The connection ended; `at` is when the server was last heard of. */
  | { readonly type: 'lost'; readonly at: number }
  /** An attempt failed and somebody found out why. */
  | { readonly type: 'failed'; readonly code: LinkTrouble; readonly message: string }

export function beginLink(at: number): LinkState {
  return { phase: 'connecting', since: at }
}

/** The next state of a link. A link that is offline stays so, with its `since`, until it is online again. */
export function step(link: LinkState, event: LinkEvent): LinkState {
  switch (event.type) {
    case 'connected':
      return link.phase === 'online' ? link : { phase: 'online', since: event.at }
    case 'lost':
      if (link.phase !== 'online') return link
      return {
        phase: 'offline',
        since: event.at,
        code: 'connection_lost',
        message: 'The connection to the server was lost. Carillon comes back by itself.',
      }
    case 'failed':
      if (link.phase === 'online') return link
      if (link.phase === 'offline' && link.code === event.code && link.message === event.message) return link
      return { phase: 'offline', since: link.since, code: event.code, message: event.message }
  }
}
