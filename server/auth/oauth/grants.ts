import type { GrantView } from '#protocol/account.ts'
import type { PersonRole } from '#protocol/roles.ts'
import type { AccountKind } from '../accounts.ts'
import type { Database } from '../database.ts'
import type { Identity } from '../identity.ts'
import { hashToken } from '../random-token.ts'
import type { Revocation } from '../revocation.ts'
import { accessTokenPrefix } from './limits.ts'
import { keyScopesOf, meaningsOf } from './scopes.ts'
import { storedInstant, storedList } from './stored.ts'

export type GrantIdentity = Extract<Identity, { kind: 'grant' }>

/** Whose grants are meant; with both, those of one person to one client. */
export type GrantsOf =
  | { readonly userId: string }
  | { readonly clientId: string }
  | { readonly userId: string; readonly clientId: string }

/**
 * What people have let services do. The consent is what it all hangs on: without it no token of a person is made, and
 * none that was made opens anything, whatever else is still in the tables.
 */
export interface Grants {
  /** Who presents this access token; null when it is none of ours, has expired or was ended. Read each time. */
  ofToken(token: string): Promise<GrantIdentity | null>
  ofId(grantId: string): Promise<GrantIdentity | null>
  /** Whether tokens may be made for this person and client now. */
  isGranted(of: { readonly userId: string; readonly clientId: string }): Promise<boolean>
  /** Notes what a person has agreed to, beside what they had. */
  consent(of: { readonly userId: string; readonly clientId: string }, scopes: readonly string[]): Promise<void>
  /** The services this person has let act for them. */
  list(userId: string): Promise<readonly GrantView[]>
  /** Ends all of it: consent, codes, access and refresh tokens. Sockets close through the revocation. */
  end(of: GrantsOf): Promise<void>
  /** Ends the access tokens that came of a signed-in session; a service that was let in for longer refreshes. */
  endOfSession(sessionId: string): Promise<void>
  /** Ends the tokens that a client has for itself. */
  endOfMachine(clientId: string): Promise<void>
}

export interface GrantsParts {
  readonly database: Database
  readonly revocation: Revocation
  readonly clock: () => number
}

export function createGrants({ database, revocation, clock }: GrantsParts): Grants {
  const columns = `select t.id, t."userId" as person, t."sessionId", t."refreshId", t."authorizationCodeId", t."expiresAt",
      t.revoked, t.scopes, c."clientId", c.name as client, c.disabled, u.id as "userId", u.name, u.role, u.kind, u.banned,
      g.id as consent
    from "oauthAccessToken" t
    join "oauthClient" c on c."clientId" = t."clientId"
    join "user" u on u.id = coalesce(t."userId", c."referenceId")
    left join "oauthConsent" g on g."clientId" = t."clientId" and g."userId" = t."userId"`

  function tellEnded(ended: readonly { readonly id: string }[]): void {
    for (const { id } of ended) revocation.publish({ kind: 'session', sessionId: id })
  }

  return {
    async ofToken(token) {
      if (!token.startsWith(accessTokenPrefix)) return null
      const hash = hashToken(token.slice(accessTokenPrefix.length))
      return identityOf(await database.get<Row>(`${columns} where t.token = ?`, hash), clock())
    },
    ofId: async (grantId) => identityOf(await database.get<Row>(`${columns} where t.id = ?`, grantId), clock()),
    async isGranted({ userId, clientId }) {
      const granted = await database.get(
        `select g.id from "oauthConsent" g join "oauthClient" c on c."clientId" = g."clientId" join "user" u on u.id = g."userId"
         where g."userId" = ? and g."clientId" = ? and c.disabled is not true and u.banned is not true`,
        userId,
        clientId,
      )
      return granted !== undefined
    },
    async consent({ userId, clientId }, scopes) {
      const of = [userId, clientId] as const
      const known = await database.get<{ id: string; scopes: unknown }>(
        'select id, scopes from "oauthConsent" where "userId" = ? and "clientId" = ?',
        ...of,
      )
      const now = new Date(clock()).toISOString()
      if (known === undefined) {
        await database.run(
          `insert into "oauthConsent" (id, "userId", "clientId", scopes, "createdAt", "updatedAt") values (?, ?, ?, ?, ?, ?)`,
          ...[crypto.randomUUID(), ...of, JSON.stringify(scopes), now, now],
        )
      } else {
        const all = JSON.stringify([...new Set([...storedList(known.scopes), ...scopes])])
        await database.run('update "oauthConsent" set scopes = ?, "updatedAt" = ? where id = ?', all, now, known.id)
      }
    },
    async list(userId) {
      const rows = await database.all<GrantRow>(
        `select g."clientId", c.name, g.scopes, g."createdAt" from "oauthConsent" g
         join "oauthClient" c on c."clientId" = g."clientId" where g."userId" = ? order by g."createdAt", g.id`,
        userId,
      )
      return rows.map(({ createdAt, scopes, ...row }) => ({
        ...row,
        scopes: storedList(scopes),
        meanings: meaningsOf(storedList(scopes)).map(({ meaning }) => meaning),
        grantedAt: new Date(storedInstant(createdAt)).toISOString(),
      }))
    },
    async end(of) {
      const { where, values } = conditionOf(of)
      const ended = await database.transaction(async (rows) => {
        // The consent first: what is being made at this moment finds it gone.
        await rows.run(`delete from "oauthConsent" where ${where}`, ...values)
        await rows.run(`delete from "deviceCode" where ${where}`, ...values)
        const tokens = await rows.all<{ id: string }>(
          `delete from "oauthAccessToken" where ${where} returning id`,
          ...values,
        )
        await rows.run(`delete from "oauthRefreshToken" where ${where}`, ...values)
        return tokens
      })
      tellEnded(ended)
    },
    async endOfSession(sessionId) {
      tellEnded(await database.all('delete from "oauthAccessToken" where "sessionId" = ? returning id', sessionId))
    },
    async endOfMachine(clientId) {
      tellEnded(
        await database.all(
          'delete from "oauthAccessToken" where "clientId" = ? and "userId" is null returning id',
          clientId,
        ),
      )
    },
  }
}

interface Row {
  readonly id: string
  /** Null when the client has it for itself. */
  readonly person: string | null
  readonly sessionId: string | null
  readonly refreshId: string | null
  readonly authorizationCodeId: string | null
  readonly expiresAt: string | Date
  readonly revoked: string | Date | null
  readonly scopes: unknown
  readonly clientId: string
  readonly client: string
  readonly disabled: number | boolean | null
  readonly userId: string
  readonly name: string
  readonly role: string
  readonly kind: AccountKind
  readonly banned: number | boolean | null
  readonly consent: string | null
}

interface GrantRow {
  readonly clientId: string
  readonly name: string
  readonly scopes: unknown
  readonly createdAt: string | Date
}

function identityOf(row: Row | undefined, now: number): GrantIdentity | null {
  if (row === undefined || row.banned || row.disabled || row.revoked !== null) return null
  const expiresAt = storedInstant(row.expiresAt)
  if (expiresAt <= now) return null
  const isPerson = row.person !== null
  if (isPerson ? !isHeld(row) : row.kind !== 'service') return null
  return {
    kind: 'grant',
    userId: row.userId,
    grantId: row.id,
    client: { id: row.clientId, name: row.client },
    name: row.name,
    // A service has no role of its own: it does what an operator does, within its scopes, as a key does.
    role: isPerson ? (row.role as PersonRole) : 'operator',
    scopes: keyScopesOf(storedList(row.scopes)),
    expiresAt: Math.floor(expiresAt / 1000),
  }
}

/** Whether a token of a person still stands on something: their consent, and the session it came of or a longer grant. */
function isHeld({ kind, consent, sessionId, refreshId, authorizationCodeId }: Row): boolean {
  if (kind !== 'person' || consent === null) return false
  return sessionId !== null || refreshId !== null || authorizationCodeId === null
}

function conditionOf(of: GrantsOf): { readonly where: string; readonly values: readonly string[] } {
  const { userId, clientId }: { readonly userId?: string; readonly clientId?: string } = of
  if (userId === undefined) return { where: '"clientId" = ?', values: [clientId ?? ''] }
  if (clientId === undefined) return { where: '"userId" = ?', values: [userId] }
  return { where: '"userId" = ? and "clientId" = ?', values: [userId, clientId] }
}
