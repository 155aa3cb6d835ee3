import type { Identity } from './identity.ts'
import type { Keys } from './keys.ts'
import type { Grants } from './oauth/grants.ts'
import type { Sessions } from './sessions.ts'

/** What a credential remembers of the one it was handed to. Every `Identity` is one. */
export type Holder =
  | { readonly kind: 'user' | 'device'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'key'; readonly userId: string; readonly keyId: string }
  | { readonly kind: 'grant'; readonly userId: string; readonly grantId: string }
  | Extract<Identity, { kind: 'local' }>

/**
 * Who stands behind a credential: the same somebody as the records have them now, or nobody any more. Nobody either while
 * they may do nothing but set up a second factor: what is handed out here opens sockets.
 */
export type CurrentIdentity = (holder: Holder) => Identity | null | Promise<Identity | null>

export function createCurrentIdentity(sessions: Sessions, keys: Keys, grants: Pick<Grants, 'ofId'>): CurrentIdentity {
  function lookUp(holder: Holder): Identity | null | Promise<Identity | null> {
    switch (holder.kind) {
      case 'user':
      case 'device':
        return bySession(sessions.ofId(holder.sessionId))
      case 'key':
        return keys.ofId(holder.keyId)
      case 'grant':
        return grants.ofId(holder.grantId)
      case 'local':
        return holder
      default:
        return holder satisfies never
    }
  }
  return (holder) => {
    const now = lookUp(holder)
    return now instanceof Promise ? now.then((later) => holding(holder, later)) : holding(holder, now)
  }
}

function bySession(session: ReturnType<Sessions['ofId']>): Identity | null | Promise<Identity | null> {
  return session instanceof Promise ? session.then(bySession) : (session?.identity ?? null)
}

function holding(holder: Holder, now: Identity | null): Identity | null {
  if (now?.userId !== holder.userId || (now.kind === 'user' && now.mustSetUpFactor)) return null
  return now
}
