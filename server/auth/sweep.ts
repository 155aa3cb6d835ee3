import type { Logger } from 'pino'
import type { BetterAuth } from './better-auth.ts'
import type { KeptAudit } from './create-audit.ts'
import type { Database } from './database.ts'
import type { FactorPolicy } from './factor-policy.ts'
import type { Grants } from './oauth/grants.ts'
import { sweepGrants } from './oauth/sweep-grants.ts'
import type { Revocation } from './revocation.ts'
import type { Sessions } from './sessions.ts'

const intervalMs = 60_000

/** An expired code is told from an unknown one for so long. */
const expiredCodesMs = 60 * 60_000

/** Work of one round, so that it never holds up anything else for long. */
const sessionsPerRound = 500

export interface SweepParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly grants: Pick<Grants, 'end'>
  readonly sessions: Sessions
  readonly policy: Pick<FactorPolicy, 'dueBetween'>
  readonly revocation: Pick<Revocation, 'publish'>
  readonly audit: Pick<KeptAudit, 'sweep'>
  readonly removeDevice: (id: string) => Promise<void>
  readonly clock: () => number
  readonly log: Logger
}

/**
 * Every minute ends what time has ended: sessions, whose sockets close by that; approved devices that never came for
 * their session, so that their names are free again; what OAuth has made; old codes; and what the audit record has kept for long enough.
 */
export function startSweep(parts: SweepParts): AsyncDisposable {
  const { database, betterAuth, sessions, policy, revocation, clock } = parts
  let lookedAt = clock()

  async function run(): Promise<void> {
    const { internalAdapter } = await betterAuth.$context
    for (const { token } of await sessions.over(sessionsPerRound)) await internalAdapter.deleteSession(token)
    const now = new Date(clock()).toISOString()
    const abandoned = await database.all<{ id: string }>(
      `select d.id from enrolments e join devices d on d.id = e.device_id where e.state = 'approved' and e.expires_at <= ?`,
      now,
    )
    for (const { id } of abandoned) await parts.removeDevice(id)
    await database.run('delete from enrolments where expires_at <= ?', new Date(clock() - expiredCodesMs).toISOString())
    await endWithoutFactor()
    await sweepGrants(parts)
    await parts.audit.sweep()
  }

  /** Sockets of those who may do nothing from now on until they have a second factor. */
  async function endWithoutFactor(): Promise<void> {
    const until = clock()
    for (const userId of await policy.dueBetween(lookedAt, until)) revocation.publish({ kind: 'user', userId })
    lookedAt = until
  }

  let round = Promise.resolve()
  const timer = setInterval(() => {
    round = round.then(run).catch((error: unknown) => {
      parts.log.error({ err: error }, 'the sweep of sessions and codes failed')
    })
  }, intervalMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await round
    },
  }
}
