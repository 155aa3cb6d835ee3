import type { AuditParty } from '#protocol/audit.ts'
import { userParty } from '../audit-party.ts'
import type { Database } from '../database.ts'
import { hashToken } from '../random-token.ts'
import type { Revocation } from '../revocation.ts'
import { accessTokenPrefix, refreshTokenPrefix } from './limits.ts'

/** A token in the tables, and what it came of. */
export interface Issued {
  readonly id: string
  readonly clientId: string
  readonly client: string
  readonly userId: string | null
  readonly name: string | null
  readonly email: string | null
  /** The code it began with; null for devices and machines. */
  readonly codeId: string | null
  /** When it was exchanged for another one or ended; always null for access tokens. */
  readonly revoked: string | Date | null
}

/** Whom a token is for, as the audit record names them; null for a client's own. */
export function holderParty({ userId, name, email }: Issued): AuditParty | null {
  return userId === null ? null : userParty({ id: userId, name: name ?? '', email: email ?? '' })
}

/** What was made of one code, or of one client's devices for one person. */
export interface IssuedTokens {
  refreshToken(token: string): Promise<Issued | null>
  accessToken(token: string): Promise<Issued | null>
  /** The access tokens that came of a code that is presented. */
  ofCode(code: string): Promise<readonly Ended[]>
  /** The access tokens beside a refresh token. */
  beside(refresh: Issued): Promise<readonly Ended[]>
  /** Ends what came of the same as this refresh token. */
  endBeside(refresh: Issued): Promise<void>
  /** Tells whoever holds sockets. */
  tellEnded(ended: readonly Ended[]): void
}

export interface Ended {
  readonly id: string
}

export interface IssuedTokensParts {
  readonly database: Database
  readonly revocation: Revocation
}

export function createIssuedTokens({ database, revocation }: IssuedTokensParts): IssuedTokens {
  const from = (table: string, revoked: string) =>
    `select t.id, t."clientId", c.name as client, t."userId", u.name, u.email, t."authorizationCodeId" as "codeId",
       ${revoked} as revoked
     from ${table} t join "oauthClient" c on c."clientId" = t."clientId" left join "user" u on u.id = t."userId"
     where t.token = ?`
  const refreshTokens = from('"oauthRefreshToken"', 't.revoked')
  const accessTokens = from('"oauthAccessToken"', 'null')
  const same = `"clientId" = ? and "userId" = ? and coalesce("authorizationCodeId", '') = ?`
  const originOf = ({ clientId, userId, codeId }: Issued) => [clientId, userId, codeId ?? ''] as const

  return {
    refreshToken: async (token) => (await database.get(refreshTokens, hashOf(token, refreshTokenPrefix))) ?? null,
    accessToken: async (token) => (await database.get(accessTokens, hashOf(token, accessTokenPrefix))) ?? null,
    ofCode: (code) =>
      database.all('select id from "oauthAccessToken" where "authorizationCodeId" = ?', hashToken(code)),
    beside: (refresh) => database.all(`select id from "oauthAccessToken" where ${same}`, ...originOf(refresh)),
    async endBeside(refresh) {
      await database.run(`delete from "oauthAccessToken" where ${same}`, ...originOf(refresh))
      await database.run(`delete from "oauthRefreshToken" where ${same}`, ...originOf(refresh))
    },
    tellEnded(ended) {
      for (const { id } of ended) revocation.publish({ kind: 'session', sessionId: id })
    },
  }
}

/** Of what does not begin so there is nothing in the tables, and no hash either. */
function hashOf(token: string, prefix: string): string {
  return token.startsWith(prefix) ? hashToken(token.slice(prefix.length)) : ''
}
