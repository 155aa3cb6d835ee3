import type { Logger } from 'pino'
import type { ClientSettings } from '#server/config/client.ts'
import { ownOrigins } from '#server/config/origins.ts'
import type { Ephemeral } from '#server/store/ephemeral.ts'
import type { Records } from '#server/store/records.ts'
import { createAccessTokens } from './access-tokens.ts'
import type { Auth } from './auth.ts'
import { createBetterAuth, migrateBetterAuth } from './better-auth.ts'
import { createCounters } from './counters.ts'
import { createAudit } from './create-audit.ts'
import { createCurrentIdentity } from './current-identity.ts'
import { openIdentityRecords } from './database.ts'
import { createDevices } from './devices.ts'
import { createEnrolments, type EnrolmentLimits } from './enrolments.ts'
import { createHandle } from './http.ts'
import { createIdentify } from './identify.ts'
import { createKeys } from './keys.ts'
import { limitPasswords, type Passwords, scryptPasswords } from './passwords.ts'
import { createRateLimit } from './rate-limit.ts'
import { recordRefused } from './refused-credentials.ts'
import { createRevocation } from './revocation.ts'
import { createSessions } from './sessions.ts'
import { createSetup } from './setup.ts'
import { createSignIn } from './sign-in.ts'
import { createSignInLimit, type SignInLimits } from './sign-in-limit.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createSocketTokens } from './socket-tokens.ts'
import { createSubscriptionTokens } from './subscription-tokens.ts'
import { startSweep } from './sweep.ts'
import { createTickets } from './tickets.ts'
import { createUsers } from './users.ts'

export interface AuthOptions {
  readonly records: Records
  /** Tickets and counters, shared with all nodes. */
  readonly ephemeral: Ephemeral
  /** Where people and devices reach the server, without a path: `https://carillon.example.org`. */
  readonly baseUrl: string
  /** From `readOrCreateSecret`. */
  readonly secret: string
  readonly log: Logger
  /** Whether this process ends what time has ended; of those that share the records one is enough. Default true. */
  readonly sweeps?: boolean
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  readonly limits?: Partial<AuthLimits>
  /** How tokens of the site's own backend are verified. Default: there are none. */
  readonly client?: SiteSettings
  /** A key that the configuration names, beside those that are kept. */
  readonly configuredKey?: string | undefined
  /** How long the record of who did what is kept, in milliseconds; 400 days unless told otherwise. */
  readonly auditKeepMs?: number
  /** How passwords are stored; scrypt unless told otherwise. */
  readonly passwords?: Passwords
}

export type SiteSettings = Pick<ClientSettings, 'token' | 'subscription_token' | 'disallow_anonymous_connection_tokens'>

export interface AuthLimits {
  readonly signIn: SignInLimits
  readonly enrolment: EnrolmentLimits
  /** Requests to `/api/auth/*` from one address in a minute. */
  readonly requestsPerMinute: number
}

const defaultLimits: AuthLimits = {
  signIn: { perAccountAndAddress: 10, perAddress: 100, perAccount: 100 },
  enrolment: { live: 200, livePerAddress: 20, looksPerMinute: 60 },
  requestsPerMinute: 600,
}

/** Puts identity together, and brings its tables up to date. */
export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { ephemeral, secret, log, sweeps = true, clock = Date.now } = options
  const baseUrl = new URL(options.baseUrl).origin
  const limits = { ...defaultLimits, ...options.limits }
  const records = await openIdentityRecords(options.records)
  const { database } = records
  const passwords = limitPasswords(options.passwords ?? scryptPasswords)
  const revocation = createRevocation(log)
  const counters = createCounters(ephemeral, clock, log)
  const signInLimit = createSignInLimit(limits.signIn, counters)
  const audit = createAudit({ database, log, clock, keepMs: options.auditKeepMs ?? 400 * 24 * 60 * 60 * 1000 })
  const common = { baseUrl, secret, log, clock, database, audit }
  const betterAuthParts = {
    ...common,
    records: records.betterAuth,
    trustedOrigins: ownOrigins(baseUrl),
    passwords,
    signInLimit,
    revocation,
  }
  await options.records.prepare((db) => migrateBetterAuth(betterAuthParts, db))
  const betterAuth = createBetterAuth(betterAuthParts)

  const sessions = createSessions(database, clock)
  const keys = createKeys({ ...common, revocation })
  const currentIdentity = createCurrentIdentity(sessions, keys)
  const signingKeys = createSigningKeys({ ...common, betterAuth })
  const accessTokens = createAccessTokens({ ...common, signingKeys, currentIdentity })
  const subscriptionTokens = createSubscriptionTokens({ ...common, signingKeys })
  const devices = createDevices({ ...common, betterAuth })
  const signIn = createSignIn({ betterAuth, sessions })
  const identify = recordRefused(
    createIdentify({ ...common, betterAuth, sessions, keys, configuredKey: options.configuredKey }),
    audit,
  )
  const sweep = sweeps ? startSweep({ ...common, betterAuth, sessions, removeDevice: devices.remove }) : null

  return {
    handle: createHandle({
      ...common,
      betterAuth,
      identify,
      requests: createRateLimit('requests', limits.requestsPerMinute, counters),
    }),
    identify,
    signIn: signIn.forToken,
    async endSession(sessionId) {
      const session = await database.get<{ token: string }>('select token from session where id = ?', sessionId)
      if (session === undefined) return
      await (await betterAuth.$context).internalAdapter.deleteSession(session.token)
      await audit.record({ action: 'sign_out', target: { kind: 'session', id: sessionId, name: '' } })
    },
    ...accessTokens,
    issueSubscriptionToken: subscriptionTokens.issue,
    ...createSocketTokens({ ...{ clock, signingKeys, accessTokens, subscriptionTokens }, site: options.client }),
    tickets: createTickets({ ephemeral, currentIdentity }),
    setup: createSetup({ ...common, passwords, signIn: signIn.forCookies }),
    users: createUsers({ ...common, betterAuth, passwords }),
    keys: keys.public,
    enrolments: createEnrolments({ ...common, betterAuth, counters, limits: limits.enrolment }),
    devices,
    audit,
    current: async (identity) => currentIdentity(identity),
    onRevoked: revocation.onRevoked,
    async [Symbol.asyncDispose]() {
      await sweep?.[Symbol.asyncDispose]()
      await audit[Symbol.asyncDispose]()
    },
  }
}
