import type { LinkState } from '#protocol/ipc.ts'

/** What happens to the console's socket. */
export type LinkEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** It was open and is not any more; the SDK tries again. */
  | { readonly kind: 'lost' }
  /** An attempt did not succeed; the SDK tries again. */
  | { readonly kind: 'failed' }
  /** The server does not want it; nobody tries again. */
  | { readonly kind: 'refused'; readonly reason: string }

/** The state after an event. Being offline keeps its beginning through every further attempt. */
export function step(link: LinkState, event: LinkEvent, now: number): LinkState {
  switch (event.kind) {
    case 'connecting':
      return link.phase === 'offline' ? { phase: 'connecting', since: now } : link
    case 'connected':
      return { phase: 'online', since: now }
    case 'lost':
      if (link.phase === 'offline') return link
      return {
        phase: 'offline',
        since: now,
        code: 'connection_lost',
        message: 'The connection to the server was lost.',
      }
    case 'failed':
      if (link.phase !== 'connecting') return link
      return { phase: 'offline', since: link.since, code: 'server_unreachable', message: 'The server does not answer.' }
    case 'refused': {
      const message = `The server ended the connection: ${event.reason}.`
      return { phase: 'offline', since: link.phase === 'online' ? now : link.since, code: 'refused', message }
    }
    default:
      return event satisfies never
  }
}
