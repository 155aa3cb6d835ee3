import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { AuditParty } from '#protocol/audit.ts'
import {
  type OauthClientAnswer,
  type OauthClientKind,
  type OauthClientRequest,
  type OauthClientView,
  oauthClientKind,
} from '#protocol/oauth.ts'
import { insertAccount, reservedEmail } from '../accounts.ts'
import type { Audit } from '../audit.ts'
import { AuthError } from '../auth-error.ts'
import type { Database } from '../database.ts'
import type { Identity } from '../identity.ts'
import { hashToken, randomToken } from '../random-token.ts'
import type { Revocation } from '../revocation.ts'
import type { Grants } from './grants.ts'
import { clientSecretPrefix, deviceCodeGrant } from './limits.ts'
import { redirectProblem } from './redirect-uri.ts'
import { keyScopesOf } from './scopes.ts'
import { storedInstant, storedList } from './stored.ts'

/** A client as it is registered: by somebody who may, and with all that is needed said at once. */
export interface Clients {
  create(request: OauthClientRequest, by: Identity): Promise<OauthClientAnswer>
  list(): Promise<readonly OauthClientView[]>
  /** Throws `not_found`. */
  get(id: string): Promise<OauthClientView>
  find(id: string): Promise<OauthClientView | null>
  /** Disabling it, or taking a scope from it, ends all that it was let do. */
  update(id: string, change: ClientChange, by: Identity): Promise<OauthClientView>
  /** The old secret ends at once, and with it the tokens that the client has for itself. */
  rotateSecret(id: string, by: Identity): Promise<OauthClientAnswer>
  remove(id: string, by: Identity): Promise<void>
}

export type ClientChange = {
  readonly [Key in 'name' | 'redirectUris' | 'scopes']?: OauthClientRequest[Key] | undefined
} & { readonly disabled?: boolean | undefined }

export interface ClientsParts {
  readonly database: Database
  readonly grants: Grants
  readonly revocation: Revocation
  readonly audit: Audit
  readonly clock: () => number
}

/** What better-auth has to know of each kind. */
const kinds = {
  web: { hasSecret: true, grants: ['authorization_code', 'refresh_token'], type: 'web' },
  native: { hasSecret: false, grants: ['authorization_code', 'refresh_token'], type: 'native' },
  service: { hasSecret: true, grants: ['client_credentials'], type: 'web' },
  device: { hasSecret: false, grants: [deviceCodeGrant, 'refresh_token'], type: 'native' },
} as const satisfies Record<OauthClientKind, { hasSecret: boolean; grants: readonly string[]; type: string }>

export function createClients({ database, grants, revocation, audit, clock }: ClientsParts): Clients {
  const columns = `select "clientId", name, scopes, "redirectUris", disabled, "createdAt", "referenceId", metadata from "oauthClient"`

  async function findRow(id: string): Promise<Row | undefined> {
    return database.get<Row>(`${columns} where "clientId" = ?`, id)
  }

  async function rowOf(id: string): Promise<Row> {
    const row = await findRow(id)
    if (row === undefined) {
      throw new AuthError('not_found', 'There is no such client. List the clients to see which there are.')
    }
    return row
  }

  return {
    async create({ name, kind, redirectUris, scopes: given }, by) {
      const scopes = [...new Set(given)]
      refuse(kind, redirectUris, scopes)
      const { hasSecret, grants: grantTypes, type } = kinds[kind]
      const id = randomUUID()
      const secret = hasSecret ? randomToken(clientSecretPrefix) : null
      const createdAt = new Date(clock())
      const at = createdAt.toISOString()
      await database.transaction(async (rows) => {
        const service = { kind: 'service', email: reservedEmail('service'), name, role: 'operator' } as const
        const account =
          kind === 'service' ? await insertAccount(rows, { ...service, passwordHash: null, createdAt }) : null
        await rows.run(
          `insert into "oauthClient" (id, "clientId", "clientSecret", disabled, scopes, "clientCredentialsScopes", name,
             "redirectUris", "tokenEndpointAuthMethod", "applicationType", "grantTypes", "responseTypes", "requirePKCE",
             "dpopBoundAccessTokens", "referenceId", metadata, "createdAt", "updatedAt")
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[randomUUID(), id, secret === null ? null : hashSecret(secret), false, JSON.stringify(scopes)],
          ...[JSON.stringify(kind === 'service' ? scopes : []), name, JSON.stringify(redirectUris)],
          ...[hasSecret ? 'client_secret_basic' : 'none', type, JSON.stringify(grantTypes)],
          ...[JSON.stringify(redirectUris.length > 0 ? ['code'] : []), true, false, account],
          ...[JSON.stringify({ kind, clientId: id, createdBy: by.name } satisfies Metadata), at, at],
        )
      })
      const details = { kind, scopes: scopes.join(' ') }
      await audit.record({ action: 'oauth_client_create', actor: by, target: clientParty(id, name), details })
      return { ...{ id, name, kind, redirectUris, scopes, disabled: false, createdAt: at }, createdBy: by.name, secret }
    },
    async list() {
      return (await database.all<Row>(`${columns} order by "createdAt", id`)).map(viewOf)
    },
    get: async (id) => viewOf(await rowOf(id)),
    async find(id) {
      const row = await findRow(id)
      return row === undefined ? null : viewOf(row)
    },
    async update(id, change, by) {
      const row = await rowOf(id)
      const before = viewOf(row)
      const after = {
        ...before,
        name: change.name ?? before.name,
        redirectUris: change.redirectUris ?? before.redirectUris,
        scopes: change.scopes === undefined ? before.scopes : [...new Set(change.scopes)],
        disabled: change.disabled ?? before.disabled,
      }
      refuse(after.kind, after.redirectUris, after.scopes)
      const scopes = JSON.stringify(after.scopes)
      await database.run(
        `update "oauthClient" set name = ?, "redirectUris" = ?, scopes = ?, "clientCredentialsScopes" = ?, disabled = ?,
           "updatedAt" = ? where "clientId" = ?`,
        ...[after.name, JSON.stringify(after.redirectUris), scopes, after.kind === 'service' ? scopes : '[]'],
        ...[after.disabled, new Date(clock()).toISOString(), id],
      )
      if (row.referenceId !== null) {
        await database.run('update "user" set name = ? where id = ?', after.name, row.referenceId)
      }
      const isNarrower = before.scopes.some((scope) => !after.scopes.includes(scope))
      if (after.disabled || isNarrower) await grants.end({ clientId: id })
      const details = { changed: Object.keys(change).join(' '), ...(after.disabled && { disabled: 'true' }) }
      await audit.record({ action: 'oauth_client_update', actor: by, target: clientParty(id, after.name), details })
      return after
    },
    async rotateSecret(id, by) {
      const view = viewOf(await rowOf(id))
      if (!kinds[view.kind].hasSecret) {
        throw new AuthError('bad_request', `A ${view.kind} client has no secret: it could not keep one.`)
      }
      const secret = randomToken(clientSecretPrefix)
      await database.run('update "oauthClient" set "clientSecret" = ? where "clientId" = ?', hashSecret(secret), id)
      await grants.endOfMachine(id)
      await audit.record({ action: 'oauth_secret_rotate', actor: by, target: clientParty(id, view.name) })
      return { ...view, secret }
    },
    async remove(id, by) {
      const row = await rowOf(id)
      await grants.end({ clientId: id })
      await database.run('delete from "oauthClient" where "clientId" = ?', id)
      if (row.referenceId !== null) {
        await database.run('delete from "user" where id = ?', row.referenceId)
        revocation.publish({ kind: 'user', userId: row.referenceId })
      }
      await audit.record({ action: 'oauth_client_delete', actor: by, target: clientParty(id, row.name) })
    },
  }
}

interface Row {
  readonly clientId: string
  readonly name: string
  readonly scopes: unknown
  readonly redirectUris: unknown
  readonly disabled: number | boolean | null
  readonly createdAt: string | Date
  /** The account of a service. */
  readonly referenceId: string | null
  readonly metadata: unknown
}

/** What we keep with a client. `clientId` is there for what is told of its metadata and not of it. */
const metadata = z.object({ kind: oauthClientKind, clientId: z.string(), createdBy: z.string() })
type Metadata = z.infer<typeof metadata>

function viewOf(row: Row): OauthClientView {
  const { kind, createdBy } = metadata.parse(typeof row.metadata === 'string' ? JSON.parse(row.metadata) : row.metadata)
  return {
    ...{ id: row.clientId, name: row.name, kind, createdBy },
    ...{ redirectUris: storedList(row.redirectUris), scopes: storedList(row.scopes), disabled: Boolean(row.disabled) },
    createdAt: new Date(storedInstant(row.createdAt)).toISOString(),
  }
}

function refuse(kind: OauthClientKind, redirectUris: readonly string[], scopes: readonly string[]): void {
  const wrongUri = redirectProblem(kind, redirectUris)
  if (wrongUri !== null) throw new AuthError('bad_request', wrongUri)
  if (kind === 'service' && keyScopesOf(scopes).length < scopes.length) {
    throw new AuthError('bad_request', 'A service acts for nobody: its scopes are publish, subscribe and devices.')
  }
}

/** As better-auth compares it: without the prefix that it takes off. */
function hashSecret(secret: string): string {
  return hashToken(secret.slice(clientSecretPrefix.length))
}

/** A client, as the audit record names it. */
export function clientParty(id: string, name: string): AuditParty {
  return { kind: 'client', id, name }
}
