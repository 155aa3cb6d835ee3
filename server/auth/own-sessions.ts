import type { SessionView } from '#protocol/account.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import type { Grants } from './oauth/grants.ts'
import type { SessionLifetimes } from './session-lifetimes.ts'
import { nameOfAgent } from './user-agent.ts'

/** Most sessions that are shown of one person. */
const maxShown = 200

export interface OwnSessionsParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly lifetimes: SessionLifetimes
  readonly grants: Pick<Grants, 'end'>
  readonly audit: Audit
  readonly clock: () => number
}

/** Where people are signed in, and how that is ended. */
export function createOwnSessions(parts: OwnSessionsParts): Auth['sessions'] {
  const { database, betterAuth, grants, audit, clock } = parts
  const columns = `select s.id, s.token, s.kind, s."userAgent", s."ipAddress", s."createdAt", s."updatedAt", s."expiresAt",
      u.id as "userId", u.name, u.email
    from session s join "user" u on u.id = s."userId" where u.kind = 'person'`

  return {
    async list(userId, current) {
      const rows = await database.all<Row>(
        `${columns} and u.id = ? and s."expiresAt" > ? order by s."updatedAt" desc, s.id limit ${maxShown}`,
        userId,
        new Date(clock()).toISOString(),
      )
      return rows.map((row) => viewOf(row, current)).filter(({ expiresAt }) => Date.parse(expiresAt) > clock())
    },
    async end(id, userId) {
      const row = await database.get<Row>(`${columns} and s.id = ?`, id)
      if (row === undefined || (userId !== undefined && row.userId !== userId)) {
        throw new AuthError('not_found', 'There is no such session. List the sessions to see which there are.')
      }
      await endAll([row])
      await record(row, 1, 'one')
    },
    async endOf(userId, which, current) {
      const rows = await database.all<Row>(`${columns} and u.id = ?`, userId)
      const ending = rows.filter(({ id, kind }) => {
        if (which === 'others') return id !== current
        return which === 'all' || kind === 'program'
      })
      // The one that asks last, so that whatever stops the server in between leaves somebody who can ask again.
      await endAll(ending.toSorted((a, b) => Number(a.id === current) - Number(b.id === current)))
      // What services were let do is ended by tokens too.
      if (which !== 'others') await grants.end({ userId })
      const [first] = rows
      if (first !== undefined) await record(first, ending.length, which)
      return ending.length
    },
  }

  async function endAll(rows: readonly Row[]): Promise<void> {
    const { internalAdapter } = await betterAuth.$context
    for (const { token } of rows) await internalAdapter.deleteSession(token)
  }

  function record({ userId, name, email }: Row, ended: number, which: string): Promise<void> {
    const target = userParty({ id: userId, name, email })
    return audit.record({ action: 'sessions_end', target, details: { which, ended: String(ended) } })
  }

  function viewOf(row: Row, current: string | null): SessionView {
    const kind = row.kind === 'program' ? 'program' : 'browser'
    const { idleMs, absoluteMs } = parts.lifetimes[kind]
    const ends = [Date.parse(row.expiresAt), Date.parse(row.updatedAt) + idleMs, Date.parse(row.createdAt) + absoluteMs]
    return {
      id: row.id,
      current: row.id === current,
      kind,
      userAgent: nameOfAgent(row.userAgent ?? ''),
      address: row.ipAddress ?? '',
      startedAt: row.createdAt,
      lastUsedAt: row.updatedAt,
      expiresAt: new Date(Math.min(...ends)).toISOString(),
    }
  }
}

interface Row {
  readonly id: string
  readonly token: string
  readonly kind: string | null
  readonly userAgent: string | null
  readonly ipAddress: string | null
  readonly createdAt: string
  readonly updatedAt: string
  readonly expiresAt: string
  readonly userId: string
  readonly name: string
  readonly email: string
}
