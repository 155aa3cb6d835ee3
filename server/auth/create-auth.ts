import type { Logger } from 'pino'
import type { ClientSettings } from '#server/config/client.ts'
import { ownOrigins } from '#server/config/origins.ts'
import type { SessionSettings } from '#server/config/sign-ins.ts'
import type { Ephemeral } from '#server/store/ephemeral.ts'
import type { Records } from '#server/store/records.ts'
import { createAccessTokens } from './access-tokens.ts'
import type { Auth } from './auth.ts'
import { createBetterAuth, migrateBetterAuth } from './better-auth.ts'
import { createCounters } from './counters.ts'
import { createAudit } from './create-audit.ts'
import { createSigningIn } from './create-signing-in.ts'
import { createCurrentIdentity } from './current-identity.ts'
import { type Database, openIdentityRecords } from './database.ts'
import { createDeviceRotation } from './device-rotation.ts'
import { createDevices } from './devices.ts'
import type { EnrolmentLimits } from './enrolment-limit.ts'
import { createEnrolments } from './enrolments.ts'
import { createFactorPolicy, type FactorPolicySettings } from './factor-policy.ts'
import { createHandle } from './http.ts'
import { createIdentify } from './identify.ts'
import { createKeys } from './keys.ts'
import { createOAuth } from './oauth/create-oauth.ts'
import { createGrants } from './oauth/grants.ts'
import { createOwnSessions } from './own-sessions.ts'
import { createPasswordThreads } from './password-threads.ts'
import { limitPasswords, type Passwords } from './passwords.ts'
import { createRateLimit } from './rate-limit.ts'
import { createRecentHolders, noRecentHolders } from './recent-holders.ts'
import { recordRefused } from './refused-credentials.ts'
import { createRevocation } from './revocation.ts'
import { checkSecret } from './secret-check.ts'
import { sessionLifetimes } from './session-lifetimes.ts'
import { createSessions } from './sessions.ts'
import { createSetup } from './setup.ts'
import type { SignInLimits } from './sign-in-limit.ts'
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
  /** Of its own pages. Default: those of `baseUrl`. */
  readonly origins?: readonly string[]
  /** From `readOrCreateSecret`. */
  readonly secret: string
  /** Whether other nodes may have the same records, and so need the same secret. Default false. */
  readonly isShared?: boolean
  readonly log: Logger
  /** Whether this process ends what time has ended; of those that share the records one is enough. Default true. */
  readonly sweeps?: boolean
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  readonly limits?: Partial<AuthLimits>
  /** How tokens of the site's own backend are verified. Default: there are none. */
  readonly client?: SiteSettings
  /** A header that may hold a session token beside `Authorization`. Default: none. */
  readonly tokenHeader?: string | null
  /** How long sessions last; the usual times unless told otherwise. */
  readonly session?: SessionSettings
  /** At which age a device changes its credential, in seconds. Default: never. */
  readonly rotateDevicesAfter?: number
  /** A key that the configuration names, beside those that are kept. */
  readonly configuredKey?: string | undefined
  /** Who must have a second factor. Default: nobody. */
  readonly secondFactor?: FactorPolicySettings
  /** How long the record of who did what is kept, in milliseconds; 400 days unless told otherwise. */
  readonly auditKeepMs?: number
  /** How passwords are stored; scrypt unless told otherwise. */
  readonly passwords?: Passwords | undefined
}

export type SiteSettings = Pick<ClientSettings, 'token' | 'subscription_token' | 'disallow_anonymous_connection_tokens'>

export interface AuthLimits {
  readonly signIn: SignInLimits
  readonly enrolment: EnrolmentLimits
  /** Requests to `/api/auth/*` from one address in a minute. */
  readonly requestsPerMinute: number
}

const defaultLimits: AuthLimits = {
  signIn: { attempts: 10, windowMs: 15 * 60_000, maxLockMs: 15 * 60_000, perAddress: 100 },
  enrolment: { live: 200, livePerAddress: 20, looksPerMinute: 60 },
  requestsPerMinute: 600,
}

/** Puts identity together, and brings its tables up to date. */
export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { ephemeral, secret, log, sweeps = true, clock = Date.now, tokenHeader = null } = options
  const baseUrl = new URL(options.baseUrl).origin
  const limits = { ...defaultLimits, ...options.limits }
  const records = await openIdentityRecords(options.records)
  const { database } = records
  const threads = createPasswordThreads()
  const passwords = limitPasswords(options.passwords ?? threads)
  const revocation = createRevocation(log)
  const counters = createCounters(ephemeral, clock, log)
  const lifetimes = sessionLifetimes(options.session)
  const rotateAfterMs = (options.rotateDevicesAfter ?? 0) * 1000
  const audit = createAudit({ database, log, clock, keepMs: options.auditKeepMs ?? 400 * 24 * 60 * 60 * 1000 })
  const common = { baseUrl, secret, log, clock, database, audit, revocation, lifetimes, rotateAfterMs }
  const grants = createGrants(common)
  const betterAuthParts = {
    ...common,
    records: records.betterAuth,
    trustedOrigins: options.origins ?? ownOrigins(baseUrl),
    onSignIn: (userId: string) => noteSignIn(database, userId, clock()),
    grants,
  }
  await options.records.prepare((db) => migrateBetterAuth(betterAuthParts, db))
  if (options.isShared) await checkSecret(database, secret)
  const betterAuth = createBetterAuth(betterAuthParts)

  const policy = createFactorPolicy(database, options.secondFactor ?? { requiredFor: [], graceMs: 0 })
  const sessions = createSessions({ ...common, policy })
  const keys = createKeys(common)
  const currentIdentity = createCurrentIdentity(sessions, keys, grants)
  const isAlone = !ephemeral.isShared && options.isShared !== true
  const holders = isAlone ? createRecentHolders({ ...common, sessions }) : noRecentHolders
  const signingKeys = createSigningKeys({ ...common, betterAuth })
  const accessTokens = createAccessTokens({ ...common, signingKeys, currentIdentity, holders })
  const subscriptionTokens = createSubscriptionTokens({ ...common, signingKeys })
  const rotation = createDeviceRotation({ ...common, betterAuth })
  const devices = createDevices({ ...common, betterAuth, rotation: rotation.public })
  const identify = recordRefused(
    createIdentify({
      ...{ ...common, betterAuth, sessions, keys, rotation, verifyAccessToken: accessTokens.verifyAccessToken },
      ...{ grants, tokenHeader, configuredKey: options.configuredKey },
    }),
    audit,
  )
  const oauth = createOAuth({ ...common, betterAuth, identify, sessions, grants, revocation, counters })
  const { signIn, secondFactor, passkeys, passwordChanges, unlock } = createSigningIn({
    ...common,
    ...{ betterAuth, sessions, identify, policy, grants, passwords, counters },
    limits: limits.signIn,
  })
  const sweep = sweeps
    ? startSweep({ ...common, betterAuth, grants, sessions, policy, removeDevice: devices.remove })
    : null

  return {
    handle: createHandle({
      ...common,
      betterAuth,
      ...{ identify, passkeys },
      requests: createRateLimit('requests', limits.requestsPerMinute, counters),
      oauth: oauth.endpoints,
      prepareKeys: signingKeys.current,
    }),
    identify,
    oauth: oauth.public,
    signIn: (email, password, address, more) => signIn.forToken({ email, password, address, ...more }),
    signInBrowser: (email, password, address, more) => signIn.forCookies({ email, password, address, ...more }),
    async endSession(sessionId) {
      const session = await database.get<{ token: string }>('select token from session where id = ?', sessionId)
      if (session === undefined) return
      await (await betterAuth.$context).internalAdapter.deleteSession(session.token)
      await audit.record({ action: 'sign_out', target: { kind: 'session', id: sessionId, name: '' } })
    },
    ...accessTokens,
    issueSubscriptionToken: subscriptionTokens.issue,
    ...createSocketTokens({
      ...{ clock, signingKeys, accessTokens, subscriptionTokens, grants },
      site: options.client,
    }),
    tickets: createTickets({ ephemeral, currentIdentity, holders }),
    setup: createSetup({ ...common, passwords, signIn: signIn.forCookies }),
    users: { ...createUsers({ ...common, betterAuth, passwords, keys, grants }), unlock },
    sessions: createOwnSessions({ ...common, betterAuth, grants }),
    secondFactor,
    passkeys,
    passwords: passwordChanges,
    keys: keys.public,
    enrolments: createEnrolments({ ...common, betterAuth, counters, limits: limits.enrolment }),
    devices,
    audit,
    current: async (identity) => currentIdentity(identity),
    onRevoked: revocation.onRevoked,
    async [Symbol.asyncDispose]() {
      await sweep?.[Symbol.asyncDispose]()
      await audit[Symbol.asyncDispose]()
      await threads[Symbol.asyncDispose]()
    },
  }
}

async function noteSignIn(database: Database, userId: string, now: number): Promise<void> {
  await database.run(
    'insert into sign_ins (user_id, at) values (?, ?) on conflict (user_id) do update set at = excluded.at',
    userId,
    new Date(now).toISOString(),
  )
}
