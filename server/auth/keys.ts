import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type KeyScope, keyScope, type PersonRole } from '#protocol/roles.ts'
import { insertAccount, reservedEmail } from './accounts.ts'
import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import { hashToken, randomToken } from './random-token.ts'
import type { Revocation } from './revocation.ts'

export const keyPrefix = 'crl_'

/** How much of a key is shown to tell it from others: the prefix and 6 characters. */
export const startLength = 10

/** A use is written down at most this often. */
const lastUsedAgeMs = 60_000

export type KeyIdentity = Extract<Identity, { kind: 'key' }>

/**
 * API keys. Each has a service account of its own, without a password, which goes when the key is revoked: what one
 * service does is told apart from what others do, and a key does not stop working with the person who made it.
 */
export interface Keys {
  readonly public: Auth['keys']
  /** Who presents this key; null when it is none of ours or has been revoked. Counts as a use. */
  ofKey(key: string): Promise<KeyIdentity | null>
  ofId(keyId: string): Promise<KeyIdentity | null>
}

export interface KeysParts {
  readonly database: Database
  readonly revocation: Revocation
  readonly audit: Audit
  readonly clock: () => number
}

export function createKeys({ database, revocation, audit, clock }: KeysParts): Keys {
  const columns = `select k.id, k.user_id, k.start, k.scopes, k.created_at, k.last_used_at, k.created_by, u.name, u.role,
      u.banned, o.name as owner
    from api_keys k join "user" u on u.id = k.user_id left join "user" o on o.id = k.created_by`
  return {
    public: {
      async create(name, scopes, by) {
        const key = randomToken(keyPrefix)
        const createdAt = new Date(clock())
        const row = {
          id: randomUUID(),
          name,
          start: key.slice(0, startLength),
          scopes: [...new Set(scopes)],
          owner: { id: by.userId, name: by.name },
          expiresAt: null,
          createdAt: createdAt.toISOString(),
        }
        await database.transaction(async (rows) => {
          const service = { kind: 'service', email: reservedEmail('service'), name, passwordHash: null } as const
          const userId = await insertAccount(rows, { ...service, role: roleFor(row.scopes), createdAt })
          await rows.run(
            `insert into api_keys (id, user_id, key_hash, start, scopes, created_at, created_by)
             values (?, ?, ?, ?, ?, ?, ?)`,
            row.id,
            userId,
            hashToken(key),
            row.start,
            JSON.stringify(row.scopes),
            row.createdAt,
            by.userId,
          )
        })
        const details = { scopes: row.scopes.join(' '), start: row.start }
        await audit.record({ action: 'key_create', actor: by, target: { kind: 'key', id: row.id, name }, details })
        return { ...row, lastUsedAt: null, key }
      },
      async list() {
        const rows = await database.all<Row>(`${columns} order by k.created_at, k.id`)
        return rows.map((row) => ({
          id: row.id,
          name: row.name,
          start: row.start,
          scopes: parseScopes(row.scopes),
          owner: { id: row.created_by, name: row.owner ?? row.created_by },
          expiresAt: null,
          createdAt: row.created_at,
          lastUsedAt: row.last_used_at,
        }))
      },
      async revoke(id) {
        const row = await database.get<Row>(`${columns} where k.id = ?`, id)
        if (row === undefined) {
          throw new AuthError('not_found', 'There is no such key. List the keys to see which there are.')
        }
        // The key goes with its account.
        await database.run('delete from "user" where id = ?', row.user_id)
        revocation.publish({ kind: 'user', userId: row.user_id })
        await audit.record({ action: 'key_revoke', target: { kind: 'key', id, name: row.name } })
      },
    },
    async ofKey(key) {
      if (!key.startsWith(keyPrefix)) return null
      const row = await database.get<Row>(`${columns} where k.key_hash = ?`, hashToken(key))
      if (row !== undefined && (row.last_used_at === null || Date.parse(row.last_used_at) + lastUsedAgeMs <= clock())) {
        await database.run('update api_keys set last_used_at = ? where id = ?', new Date(clock()).toISOString(), row.id)
      }
      return identityOf(row)
    },
    ofId: async (keyId) => identityOf(await database.get<Row>(`${columns} where k.id = ?`, keyId)),
  }
}

interface Row {
  readonly id: string
  readonly user_id: string
  readonly start: string
  readonly scopes: string
  readonly created_at: string
  readonly last_used_at: string | null
  readonly created_by: string
  readonly owner: string | null
  readonly name: string
  readonly role: string
  readonly banned: number | boolean | null
}

function identityOf(row: Row | undefined): KeyIdentity | null {
  if (row === undefined || row.banned) return null
  const scopes = parseScopes(row.scopes)
  return { kind: 'key', userId: row.user_id, keyId: row.id, name: row.name, role: roleFor(scopes), scopes }
}

const parseScopes = (text: string): KeyScope[] => z.array(keyScope).parse(JSON.parse(text))

/** The least role that may do what the scopes say. What a key may do is decided by its scopes all the same. */
function roleFor(scopes: readonly KeyScope[]): PersonRole {
  if (scopes.includes('admin')) return 'admin'
  return scopes.includes('devices') || scopes.includes('publish') ? 'operator' : 'viewer'
}
