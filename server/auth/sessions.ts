import type { PersonRole } from '#protocol/roles.ts'
import type { AccountKind } from './accounts.ts'
import type { Database } from './database.ts'
import { isRotationDue, rotationDueAt } from './device-rotation.ts'
import type { FactorPolicy } from './factor-policy.ts'
import type { Identity } from './identity.ts'
import type { SessionKind, SessionLifetimes } from './session-lifetimes.ts'

export type SessionIdentity = Extract<Identity, { sessionId: string }>

/** A session that is valid now. */
export interface CurrentSession {
  readonly identity: SessionIdentity
  readonly kind: SessionKind
  /** The bare token: it never leaves this room. */
  readonly token: string
  readonly expiresAt: number
  /** Until when it stays what it is, unless somebody changes it and that is told as a revocation. Not after its end. */
  readonly unchangedUntil: number
  readonly usedAt: number
  readonly startedAt: number
  /** It is a device's new one, and this its first use: the one before ends. */
  readonly isSuccessor: boolean
}

/** Who is behind a session or key at this moment, read from the records each time: some microseconds. */
export interface Sessions {
  ofToken(token: string): Promise<CurrentSession | null>
  ofId(sessionId: string): CurrentSession | null | Promise<CurrentSession | null>
  /** Sessions that are over but still in the table, at most so many. */
  over(limit: number): Promise<readonly { readonly token: string }[]>
}

export interface SessionsParts {
  readonly database: Database
  readonly lifetimes: SessionLifetimes
  /** Beyond this age a device's credential is to be changed; 0 is never. */
  readonly rotateAfterMs: number
  readonly policy: FactorPolicy
  readonly clock: () => number
}

export function createSessions({ database, lifetimes, rotateAfterMs, policy, clock }: SessionsParts): Sessions {
  const columns = `select s.id, s.token, s.kind as "sessionKind", s."expiresAt", s."createdAt", s."updatedAt",
      u.id as "userId", u.name, u.email, u.role, u.kind, u.banned, d.id as "deviceId", d.name as "deviceName",
      d.next_session_id, d.rotating_since, coalesce(d.credential_since, d.enrolled_at) as credential_since,
      u."createdAt" as "userCreatedAt",
      (exists (select 1 from totp t where t.user_id = u.id and t.confirmed_at is not null)
        or exists (select 1 from passkey p where p."userId" = u.id)) as "hasFactor"
    from session s join "user" u on u.id = s."userId" left join devices d on d.user_id = u.id`
  const byId = `${columns} where s.id = ?`
  return {
    ofToken: async (token) => current(await database.get<Row>(`${columns} where s.token = ?`, token)),
    ofId(sessionId) {
      const row = database.get<Row>(byId, sessionId)
      return row instanceof Promise ? row.then(current) : current(row)
    },
    async over(limit) {
      const now = clock()
      const at = (ms: number) => new Date(ms).toISOString()
      return database.all(
        `select s.token from session s join "user" u on u.id = s."userId"
         where s."expiresAt" <= ?
           or (u.kind = 'person' and s.kind = 'program' and (s."createdAt" <= ? or s."updatedAt" <= ?))
           or (u.kind = 'person' and coalesce(s.kind, 'browser') <> 'program' and (s."createdAt" <= ? or s."updatedAt" <= ?))
         limit ?`,
        at(now),
        at(now - lifetimes.program.absoluteMs),
        at(now - lifetimes.program.idleMs),
        at(now - lifetimes.browser.absoluteMs),
        at(now - lifetimes.browser.idleMs),
        limit,
      )
    },
  }

  function current(row: Row | undefined): CurrentSession | null {
    if (row === undefined || row.banned) return null
    const now = clock()
    const identity = sessionIdentity(row, now)
    if (identity === null) return null
    const kind = identity.kind === 'device' ? 'device' : row.sessionKind === 'program' ? 'program' : 'browser'
    const startedAt = Date.parse(row.createdAt)
    const usedAt = Date.parse(row.updatedAt)
    const { idleMs, absoluteMs } = lifetimes[kind]
    // What the settings say now holds for sessions that began under others.
    const expiresAt = Math.min(Date.parse(row.expiresAt), usedAt + idleMs, startedAt + absoluteMs)
    if (expiresAt <= now) return null
    return {
      identity,
      kind,
      token: row.token,
      expiresAt,
      unchangedUntil: Math.min(expiresAt, changesAt(row, now)),
      usedAt,
      startedAt,
      isSuccessor: row.next_session_id === row.id,
    }
  }

  /** Whoever must have a second factor may be without one at any moment. */
  function changesAt(row: Row, now: number): number {
    if (row.kind === 'person' && policy.isRequiredFor(row.role as PersonRole)) return now
    return row.kind === 'device' ? rotationDueAt(row, rotateAfterMs) : Number.POSITIVE_INFINITY
  }

  function sessionIdentity(row: Row, now: number): SessionIdentity | null {
    const common = { userId: row.userId, sessionId: row.id }
    switch (row.kind) {
      case 'person':
        return {
          kind: 'user',
          ...common,
          name: row.name,
          email: row.email,
          role: row.role as PersonRole,
          ...(mustSetUpFactor(row, now, policy) && { mustSetUpFactor: true }),
        }
      case 'device': {
        if (row.deviceId === null || row.deviceName === null) return null
        const rotate = isRotationDue(row, rotateAfterMs, now)
        const device = { id: row.deviceId, name: row.deviceName, ...(rotate && { rotate: true as const }) }
        return { kind: 'device', ...common, name: row.deviceName, role: 'device', device }
      }
      case 'service':
        return null // a service has keys and no sessions
      default:
        return row.kind satisfies never
    }
  }
}

interface Row {
  readonly id: string
  readonly token: string
  readonly sessionKind: string | null
  readonly expiresAt: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly kind: AccountKind
  readonly banned: number | boolean | null
  readonly userCreatedAt: string
  readonly hasFactor: number | boolean
  readonly deviceId: string | null
  readonly deviceName: string | null
  readonly next_session_id: string | null
  readonly rotating_since: string | null
  readonly credential_since: string | null
}

function mustSetUpFactor(row: Row, now: number, policy: FactorPolicy): boolean {
  if (row.hasFactor || !policy.isRequiredFor(row.role as PersonRole)) return false
  return policy.requiredFrom({ createdAt: row.userCreatedAt }).getTime() <= now
}
