import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { KeyView } from '#protocol/keys.ts'
import { type KeyScope, keyScope, type PersonRole } from '#protocol/roles.ts'
import { insertAccount, reservedEmail } from './accounts.ts'
import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import { defaultPageSize, pageOf, placeOf } from './paging.ts'
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
 * service does is told apart from what others do. A key works for as long as whoever made it could make it again.
 */
export interface Keys {
  readonly public: Auth['keys']
  /** Who presents this key; null when it is none of ours. Counts as a use. Throws `invalid_token` where it has ended. */
  ofKey(key: string): Promise<KeyIdentity | null>
  ofId(keyId: string): Promise<KeyIdentity | null>
  /** The account of this person has changed: the sockets of their keys close, and come back if they still may. */
  ownerChanged(userId: string, changed: boolean): Promise<void>
  /** With their owner they go for good. */
  removeOf(userId: string): Promise<void>
}

export interface KeysParts {
  readonly database: Database
  readonly revocation: Revocation
  readonly audit: Audit
  readonly clock: () => number
}

/** Who made a key on the server's own machine. */
const localOwner = { id: 'local', name: 'server command line' }

export function createKeys({ database, revocation, audit, clock }: KeysParts): Keys {
  const columns = `select k.id, k.user_id, k.start, k.scopes, k.created_at as "createdAt", k.last_used_at, k.created_by,
      k.expires_at, u.name, u.banned, o.name as owner, o.role as "ownerRole", o.banned as "ownerBanned"
    from api_keys k join "user" u on u.id = k.user_id left join "user" o on o.id = k.created_by`

  return {
    public: {
      async create(name, scopes, by, expiresAt) {
        if (expiresAt !== undefined && Date.parse(expiresAt) <= clock()) {
          throw new AuthError('bad_request', 'expiresAt has passed already. Give an instant to come, or leave it out.')
        }
        const key = randomToken(keyPrefix)
        const createdAt = new Date(clock())
        const row = {
          id: randomUUID(),
          name,
          start: key.slice(0, startLength),
          scopes: [...new Set(scopes)],
          owner: await ownerOf(by),
          expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
          createdAt: createdAt.toISOString(),
        }
        await database.transaction(async (rows) => {
          const service = { kind: 'service', email: reservedEmail('service'), name, passwordHash: null } as const
          const userId = await insertAccount(rows, { ...service, role: roleFor(row.scopes), createdAt })
          await rows.run(
            `insert into api_keys (id, user_id, key_hash, start, scopes, created_at, created_by, expires_at)
             values (?, ?, ?, ?, ?, ?, ?, ?)`,
            row.id,
            userId,
            hashToken(key),
            row.start,
            JSON.stringify(row.scopes),
            row.createdAt,
            row.owner.id,
            row.expiresAt,
          )
        })
        const details = {
          ...{ scopes: row.scopes.join(' '), start: row.start },
          ...(row.expiresAt && { expires: row.expiresAt }),
        }
        await audit.record({ action: 'key_create', actor: by, target: { kind: 'key', id: row.id, name }, details })
        return { ...row, lastUsedAt: null, key }
      },
      async list({ ownerId, limit = defaultPageSize, cursor } = {}) {
        const { createdAt, id } = placeOf(cursor)
        const rows = await database.all<Row>(
          `${columns} where (k.created_at, k.id) > (?, ?) and (k.created_by = ? or ? = '')
           order by k.created_at, k.id limit ?`,
          ...[createdAt, id, ownerId ?? '', ownerId ?? '', limit + 1],
        )
        return pageOf(rows, limit, viewOf)
      },
      async revoke(id, ownerId) {
        const row = await database.get<Row>(`${columns} where k.id = ?`, id)
        if (row === undefined || (ownerId !== undefined && row.created_by !== ownerId)) {
          throw new AuthError('not_found', 'There is no such key. List the keys to see which there are.')
        }
        await remove(row)
        await audit.record({ action: 'key_revoke', target: { kind: 'key', id, name: row.name } })
      },
    },
    async ofKey(key) {
      if (!key.startsWith(keyPrefix)) return null
      const row = await database.get<Row>(`${columns} where k.key_hash = ?`, hashToken(key))
      if (row === undefined || row.banned) return null
      const fault = faultOf(row)
      if (row.last_used_at === null || Date.parse(row.last_used_at) + lastUsedAgeMs <= clock()) {
        await database.run('update api_keys set last_used_at = ? where id = ?', new Date(clock()).toISOString(), row.id)
      }
      if (fault !== null) throw new AuthError('invalid_token', faults[fault])
      return identityOf(row)
    },
    async ofId(keyId) {
      const row = await database.get<Row>(`${columns} where k.id = ?`, keyId)
      return row === undefined || row.banned || faultOf(row) !== null ? null : identityOf(row)
    },
    async ownerChanged(userId, changed) {
      for (const row of await ofOwner(userId)) {
        revocation.publish({ kind: 'user', userId: row.user_id, ...(changed && { changed: true as const }) })
      }
    },
    async removeOf(userId) {
      for (const row of await ofOwner(userId)) await remove(row)
    },
  }

  /** The key goes with its account. */
  async function remove({ user_id }: Row): Promise<void> {
    await database.run('delete from "user" where id = ?', user_id)
    revocation.publish({ kind: 'user', userId: user_id })
  }

  function ofOwner(userId: string): Promise<Row[]> {
    return database.all<Row>(`${columns} where k.created_by = ?`, userId)
  }

  /** What a key makes belongs to whoever made that. */
  async function ownerOf(by: Identity): Promise<KeyView['owner']> {
    if (by.kind === 'local') return localOwner
    if (by.kind !== 'key') return { id: by.userId, name: by.name }
    const row = await database.get<Row>(`${columns} where k.id = ?`, by.keyId)
    return row === undefined ? { id: by.userId, name: by.name } : viewOf(row).owner
  }

  function faultOf(row: Row): Fault | null {
    if (row.expires_at !== null && Date.parse(row.expires_at) <= clock()) return 'expired'
    if (row.created_by === localOwner.id) return null
    if (row.ownerRole === null || row.ownerBanned) return 'owner'
    return keyRefusal(row.ownerRole, parseScopes(row.scopes)) === null ? null : 'role'
  }
}

/** Why a key that is one of ours does not work. */
type Fault = 'expired' | 'owner' | 'role'
const faults: Readonly<Record<Fault, string>> = {
  expired: 'This API key has expired. Create another one.',
  owner: 'The account of whoever made this API key is disabled or gone, and the key with it. Use another one.',
  role: 'Whoever made this API key may not do any more what it is for. Use another one.',
}

interface Row {
  readonly id: string
  readonly user_id: string
  readonly start: string
  readonly scopes: string
  readonly createdAt: string
  readonly last_used_at: string | null
  readonly created_by: string
  readonly expires_at: string | null
  readonly owner: string | null
  readonly ownerRole: PersonRole | null
  readonly ownerBanned: number | boolean | null
  readonly name: string
  readonly banned: number | boolean | null
}

function viewOf(row: Row): KeyView {
  return {
    id: row.id,
    name: row.name,
    start: row.start,
    scopes: parseScopes(row.scopes),
    owner: row.created_by === localOwner.id ? localOwner : { id: row.created_by, name: row.owner ?? '' },
    expiresAt: row.expires_at,
    createdAt: row.createdAt,
    lastUsedAt: row.last_used_at,
  }
}

function identityOf(row: Row): KeyIdentity {
  const scopes = parseScopes(row.scopes)
  const { user_id: userId, id: keyId, name, expires_at } = row
  return {
    ...{ kind: 'key', userId, keyId, name, role: roleFor(scopes), scopes },
    ...(expires_at !== null && { expiresAt: expires_at }),
  }
}

const parseScopes = (text: string): KeyScope[] => z.array(keyScope).parse(JSON.parse(text))

/** The least role that may do what the scopes say. What a key may do is decided by its scopes all the same. */
function roleFor(scopes: readonly KeyScope[]): PersonRole {
  if (scopes.includes('admin')) return 'admin'
  return scopes.includes('devices') || scopes.includes('tasks') || scopes.includes('publish') ? 'operator' : 'viewer'
}

/** Why somebody of this role may not make a key with these scopes; null when they may. */
export function keyRefusal(role: PersonRole, scopes: readonly KeyScope[]): string | null {
  if (role === 'admin') return null
  const own: readonly KeyScope[] = role === 'operator' ? ['publish', 'subscribe'] : ['subscribe']
  const beyond = scopes.filter((scope) => !own.includes(scope))
  if (beyond.length === 0) return null
  return `Your role makes keys with ${own.join(' and ')}. Ask an administrator for one with ${beyond.join(' and ')}.`
}
