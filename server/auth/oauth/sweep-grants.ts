import { setImmediate as turn } from 'node:timers/promises'
import type { Database } from '../database.ts'
import type { Grants } from './grants.ts'
import { lifetimes } from './limits.ts'

/** Work of one statement, so that it never holds up anything else for long, and how many there are of each table in a round. */
const rowsAtOnce = 500
const turnsOfRound = 20

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
    `select "userId", "clientId" from "oauthConsent" where "updatedAt" <= ? limit ${rowsAtOnce}`,
    new Date(now - lifetimes.consent * 1000).toISOString(),
  )
  for (const consent of old) await grants.end(consent)
  for (const { name, keptMs } of tables) {
    const before = new Date(now - keptMs).toISOString()
    // As fast as strangers make them: each request for a passkey or a device's code leaves a row.
    for (let turns = 0; turns < turnsOfRound; turns++) {
      const removed = await database.run(
        `delete from ${name} where id in (select id from ${name} where "expiresAt" <= ? limit ${rowsAtOnce})`,
        before,
      )
      if (removed < rowsAtOnce) break
      await turn()
    }
  }
}
