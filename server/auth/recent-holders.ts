import type { Holder } from './current-identity.ts'
import type { Identity } from './identity.ts'
import type { Revocation } from './revocation.ts'
import type { Sessions } from './sessions.ts'

/**
 * Whom tickets and tokens were given to a moment ago, as the records had them then: while nobody has been revoked since,
 * the records say the same now and need not be read again. docs/decisions/0018 has the reasons.
 */
export interface RecentHolders {
  /** Reads who this is, and keeps that for what has this key. */
  remember(key: string, holder: Holder): Promise<void>
  /** Once. Null when it is the records that have to say. */
  take(key: string): Identity | null
}

/** As long as a ticket lives; and who fetches a token connects with it sooner than that. */
export const recentMs = 20_000

export interface RecentHoldersParts {
  readonly sessions: Pick<Sessions, 'ofId'>
  readonly revocation: Pick<Revocation, 'onRevoked'>
  readonly clock: () => number
  /** Kept at a time; beyond it the oldest is forgotten. Default 20,000. */
  readonly maxKept?: number
}

/** Only where all that changes an account happens in this process: news from elsewhere comes a moment late. */
export function createRecentHolders(parts: RecentHoldersParts): RecentHolders {
  const { sessions, revocation, clock, maxKept = 20_000 } = parts
  /** Oldest first. */
  const kept = new Map<string, { readonly identity: Identity; readonly until: number }>()
  let revocations = 0
  revocation.onRevoked(() => {
    revocations += 1
    kept.clear()
  })

  return {
    async remember(key, holder) {
      if (!('sessionId' in holder)) return
      const before = revocations
      const session = await sessions.ofId(holder.sessionId)
      // Who was revoked while the records were read may have been read as they were.
      if (session?.identity.userId !== holder.userId || revocations !== before) return
      makeRoom()
      kept.set(key, { identity: session.identity, until: Math.min(clock() + recentMs, session.unchangedUntil) })
    },
    take(key) {
      const found = kept.get(key)
      kept.delete(key)
      return found !== undefined && clock() < found.until ? found.identity : null
    },
  }

  /** All are kept equally long, so that those that are over stand first. */
  function makeRoom(): void {
    const now = clock()
    for (const [key, { until }] of kept) {
      if (until > now && kept.size < maxKept) return
      kept.delete(key)
    }
  }
}

/** Where several processes or nodes change accounts. */
export const noRecentHolders: RecentHolders = { async remember() {}, take: () => null }
