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
export type CurrentIdentity = (holder: Holder) => Promise<Identity | null>

export function createCurrentIdentity(sessions: Sessions, keys: Keys, grants: Pick<Grants, 'ofId'>): CurrentIdentity {
  async function lookUp(holder: Holder): Promise<Identity | null> {
    switch (holder.kind) {
      case 'user':
      case 'device':
        return (await sessions.ofId(holder.sessionId))?.identity ?? null
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
  return async (holder) => {
    const now = await lookUp(holder)
    if (now?.userId !== holder.userId || (now.kind === 'user' && now.mustSetUpFactor)) return null
    return now
  }
}
