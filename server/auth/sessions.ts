import type { PersonRole } from '#protocol/roles.ts'
import type { AccountKind } from './accounts.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'

const dayMs = 24 * 60 * 60 * 1000

/** A session ends when it has not been used for so long, and in any case so long after it began. */
export const sessionLifetimes = {
  person: { idleMs: 7 * dayMs, absoluteMs: 30 * dayMs },
  /** A kiosk stays signed in until it is removed, or has been in a cupboard for more than a year. */
  device: { idleMs: 400 * dayMs, absoluteMs: Number.POSITIVE_INFINITY },
} as const satisfies Partial<Record<AccountKind, { idleMs: number; absoluteMs: number }>>

/** A use of a session is written down when the last one written is older than this. */
export const sessionUpdateAgeMs = 60_000

export type SessionIdentity = Extract<Identity, { sessionId: string }>

/** A session that is valid now. */
export interface CurrentSession {
  readonly identity: SessionIdentity
  /** The bare token: it never leaves this room. */
  readonly token: string
  readonly expiresAt: number
  readonly usedAt: number
  readonly startedAt: number
}

/** Who is behind a session or key at this moment, read from the records each time: some microseconds. */
export interface Sessions {
  ofToken(token: string): Promise<CurrentSession | null>
  ofId(sessionId: string): CurrentSession | null | Promise<CurrentSession | null>
  /** Sessions that are over but still in the table, at most so many. */
  over(limit: number): Promise<readonly { readonly token: string }[]>
}

export function createSessions(database: Database, clock: () => number): Sessions {
  const columns = `select s.id, s.token, s."expiresAt", s."createdAt", s."updatedAt", u.id as "userId", u.name, u.email, u.role,
      u.kind, u.banned, d.id as "deviceId", d.name as "deviceName"
    from session s join "user" u on u.id = s."userId" left join devices d on d.user_id = u.id`
  const byId = `${columns} where s.id = ?`
  return {
    ofToken: async (token) => current(await database.get<Row>(`${columns} where s.token = ?`, token), clock()),
    ofId(sessionId) {
      const row = database.get<Row>(byId, sessionId)
      return row instanceof Promise ? row.then((later) => current(later, clock())) : current(row, clock())
    },
    async over(limit) {
      const now = clock()
      return database.all(
        `select s.token from session s join "user" u on u.id = s."userId"
         where s."expiresAt" <= ? or (u.kind = 'person' and s."createdAt" <= ?) limit ?`,
        new Date(now).toISOString(),
        new Date(now - sessionLifetimes.person.absoluteMs).toISOString(),
        limit,
      )
    },
  }
}

interface Row {
  readonly id: string
  readonly token: string
  readonly expiresAt: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly kind: AccountKind
  readonly banned: number | boolean | null
  readonly deviceId: string | null
  readonly deviceName: string | null
}

function current(row: Row | undefined, now: number): CurrentSession | null {
  if (row === undefined || row.banned) return null
  const expiresAt = Date.parse(row.expiresAt)
  const startedAt = Date.parse(row.createdAt)
  const identity = sessionIdentity(row)
  if (identity === null || expiresAt <= now) return null
  const { absoluteMs } = sessionLifetimes[identity.kind === 'device' ? 'device' : 'person']
  if (startedAt + absoluteMs <= now) return null
  return { identity, token: row.token, expiresAt, usedAt: Date.parse(row.updatedAt), startedAt }
}

function sessionIdentity(row: Row): SessionIdentity | null {
  const common = { userId: row.userId, sessionId: row.id }
  switch (row.kind) {
    case 'person':
      return { kind: 'user', ...common, name: row.name, email: row.email, role: row.role as PersonRole }
    case 'device':
      if (row.deviceId === null || row.deviceName === null) return null
      return {
        kind: 'device',
        ...common,
        name: row.deviceName,
        role: 'device',
        device: { id: row.deviceId, name: row.deviceName },
      }
    case 'service':
      return null // a service has keys and no sessions
    default:
      return row.kind satisfies never
  }
}
