import type { Database } from '../database.ts'
import type { Grants } from './grants.ts'
import { lifetimes } from './limits.ts'

/** Work of one round, of each table. */
const rowsPerRound = 500

/** The tables that better-auth fills and never empties, and for how long what has expired is still told from the unknown. */
const tables = [
  { name: '"oauthAccessToken"', keptMs: 0 },
  { name: '"oauthRefreshToken"', keptMs: 0 },
  { name: '"deviceCode"', keptMs: 60 * 60_000 },
  { name: 'verification', keptMs: 0 },
] as const

export interface SweepGrantsParts {
  readonly database: Database
  readonly grants: Pick<Grants, 'end'>
  readonly clock: () => number
}

/** Removes what has expired. Sockets that an access token opened close by themselves when it does. */
export async function sweepGrants({ database, grants, clock }: SweepGrantsParts): Promise<void> {
  const now = clock()
  const old = await database.all<{ userId: string; clientId: string }>(
    `select "userId", "clientId" from "oauthConsent" where "updatedAt" <= ? limit ${rowsPerRound}`,
    new Date(now - lifetimes.consent * 1000).toISOString(),
  )
  for (const consent of old) await grants.end(consent)
  for (const { name, keptMs } of tables) {
    await database.run(
      `delete from ${name} where id in (select id from ${name} where "expiresAt" <= ? limit ${rowsPerRound})`,
      new Date(now - keptMs).toISOString(),
    )
  }
}
