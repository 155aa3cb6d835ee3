import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { admin, bearer, type JwtOptions, jwt } from 'better-auth/plugins'
import { createAccessControl } from 'better-auth/plugins/access'
import { adminAc, defaultStatements } from 'better-auth/plugins/admin/access'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Database, IdentityRecords } from './database.ts'
import type { Grants } from './oauth/grants.ts'
import { oauthPlugins, shortCode } from './oauth/plugins.ts'
import { freshMs, passkeyPlugin } from './passkeys.ts'
import type { Revocation } from './revocation.ts'
import { type SessionLifetimes, sessionUpdateAgeMs } from './session-lifetimes.ts'

/** Where better-auth is mounted. */
export const authPath = '/api/auth'

/** The header in which `handle` hands the caller's address to better-auth; whatever a caller sends in it is dropped. */
export const addressHeader = 'x-carillon-address'

/** What access tokens are for. ID tokens and others from the same keys have another audience. */
export const accessTokenAudience = 'carillon:realtime'

export interface BetterAuthParts {
  readonly records: IdentityRecords['betterAuth']
  readonly database: Database
  readonly baseUrl: string
  readonly trustedOrigins: readonly string[]
  readonly secret: string
  readonly revocation: Revocation
  readonly clock: () => number
  readonly grants: Grants
  readonly lifetimes: SessionLifetimes
  /** A person has signed in. */
  readonly onSignIn: (userId: string) => Promise<void>
  readonly log: Logger
}

export type BetterAuth = ReturnType<typeof createBetterAuth>

/** Brings better-auth's own tables up to date, before there is an instance: one looks at its tables while it is built. */
export async function migrateBetterAuth(parts: BetterAuthParts, db: Kysely<unknown>): Promise<void> {
  const given = options({ ...parts, records: { ...parts.records, db } })
  const logger = { level: 'warn' as const, log: withoutLists(given.logger.log) }
  const { runMigrations } = await getMigrations({ ...given, logger })
  await runMigrations()
}

export function createBetterAuth(parts: BetterAuthParts) {
  return { ...betterAuth(options(parts)), jwtOptions: jwtOptions(parts.baseUrl) }
}

function options(parts: BetterAuthParts) {
  return {
    appName: 'Carillon',
    baseURL: parts.baseUrl,
    basePath: authPath,
    secret: parts.secret,
    trustedOrigins: [...parts.trustedOrigins],
    database: parts.records,
    user: {
      additionalFields: { kind: { type: 'string', required: true, defaultValue: 'person', input: false } },
    },
    session: {
      expiresIn: parts.lifetimes.browser.idleMs / 1000,
      updateAge: sessionUpdateAgeMs / 1000,
      freshAge: freshMs / 1000,
      // A cached session would outlive its revocation.
      cookieCache: { enabled: false },
      additionalFields: { kind: { type: 'string', required: false, input: false } },
    },
    // Counted by ours, per server and not per process as better-auth does.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: 'carillon',
      // Said here because better-auth turns it off by itself where NODE_ENV is `test`.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    telemetry: { enabled: false },
    // Errors that are not answers come out of the handler and are logged there.
    onAPIError: { throw: true, errorURL: '/oauth/consent' },
    logger: { level: 'warn' as const, log: logTo(parts.log) },
    databaseHooks: {
      verification: {
        create: {
          before: async (verification: { value: string; createdAt: Date }) => {
            const shorter = shortCode(verification)
            return shorter === null ? undefined : { data: shorter }
          },
        },
      },
      session: {
        create: {
          after: async (session: { userId: string } & Record<string, unknown>) => {
            if (session.kind !== 'device') await parts.onSignIn(session.userId)
          },
        },
        delete: {
          // Before: with the session goes what says which tokens came of it.
          before: async (session: { id: string }) => parts.grants.endOfSession(session.id),
          after: async (session: { id: string }) =>
            parts.revocation.publish({ kind: 'session', sessionId: session.id }),
        },
      },
      user: {
        // A role or name has changed, or the account has been disabled: only in the first case may sockets come back.
        update: {
          after: async (user: { id: string; banned?: boolean | null }) => {
            if (user.banned) await parts.grants.end({ userId: user.id })
            parts.revocation.publish({ kind: 'user', userId: user.id, ...(!user.banned && { changed: true }) })
          },
        },
        delete: { after: async (user: { id: string }) => parts.revocation.publish({ kind: 'user', userId: user.id }) },
      },
    },
    plugins: [
      bearer({ requireSignature: true }),
      jwt(jwtOptions(parts.baseUrl)),
      passkeyPlugin(parts),
      admin({ ac: accessControl, roles, defaultRole: 'viewer', adminRoles: ['admin'] }),
      ...oauthPlugins(parts),
    ],
  } satisfies Parameters<typeof betterAuth>[0]
}

const accessControl = createAccessControl(defaultStatements)

/** better-auth's own statements only guard its administration endpoints, which are not served. */
const roles = {
  admin: accessControl.newRole(adminAc.statements),
  operator: accessControl.newRole({ user: [], session: [] }),
  viewer: accessControl.newRole({ user: [], session: [] }),
  device: accessControl.newRole({ user: [], session: [] }),
}

const daySeconds = 24 * 60 * 60

/** A key signs for so long; then another is made. */
const keyRotationSeconds = 90 * daySeconds

/** And verifies for so long after that: tokens live for minutes, but others may keep a copy of the key set. */
const keyGraceSeconds = 7 * daySeconds

/** The key set. Access tokens are signed by `access-tokens.ts`, with these keys and its own claims. */
function jwtOptions(baseUrl: string): JwtOptions {
  return {
    jwks: {
      keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' },
      rotationInterval: keyRotationSeconds,
      gracePeriod: keyGraceSeconds,
    },
    jwt: {
      issuer: issuerOf(baseUrl),
      audience: accessTokenAudience,
      expirationTime: '5m',
      // Without this the whole user record would go into a token that better-auth makes by itself.
      definePayload: () => ({}),
    },
    disableSettingJwtHeader: true,
  }
}

export function issuerOf(baseUrl: string): string {
  return baseUrl + authPath
}

/** Its further arguments may hold anything and are left out. */
/** better-auth keeps lists as text on SQLite, and then warns of each that it is one. */
function withoutLists(log: ReturnType<typeof logTo>): typeof log {
  return (level, message) => {
    if (!/ Expected (string|number)\[\] but got TEXT\.$/.test(message)) log(level, message)
  }
}

function logTo(log: Logger) {
  return (level: 'debug' | 'info' | 'warn' | 'error', message: string) => log[level]({ said: message }, 'better-auth')
}
