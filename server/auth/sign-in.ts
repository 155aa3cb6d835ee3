import { APIError } from 'better-auth/api'
import { parseCookies, serializeCookie } from 'better-call'
import type { TokenAnswer } from '#protocol/api.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Checked, Credentials, Person } from './credentials.ts'
import type { Database } from './database.ts'
import { type CodeKind, type FactorCodes, kindOfCode } from './factor-codes.ts'
import type { FactorPolicy } from './factor-policy.ts'
import type { KnownDevices } from './known-devices.ts'
import { requestOrigin } from './origin.ts'
import { bearerIn } from './presented.ts'
import type { SessionKind, SessionLifetimes } from './session-lifetimes.ts'
import { signSessionToken, verifySessionToken } from './session-token.ts'
import type { Sessions } from './sessions.ts'
import type { SignInLimit } from './sign-in-limit.ts'

/** Signing in with e-mail and password, and with a code where the account has an authenticator app. */
export interface SignIn {
  /** A browser: answers the `Set-Cookie` headers. */
  forCookies(attempt: SignInAttempt): Promise<readonly string[]>
  /** A program: answers a bearer token. */
  forToken(attempt: SignInAttempt): Promise<TokenAnswer>
}

/**
 * Failures: `wrong_credentials`, and only for somebody who knew the password `account_disabled`, `code_required`,
 * `wrong_code` and `second_factor_required`; `rate_limited`.
 */
export interface SignInAttempt {
  readonly email: string
  readonly password: string
  readonly code?: string | undefined
  /** The caller's address; null for the server itself, which is not limited. */
  readonly address: string | null
  /** Of the request: the session that it brings is over when this one begins. */
  readonly headers?: Headers
}

export interface SignInParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly sessions: Sessions
  readonly lifetimes: SessionLifetimes
  readonly secret: string
  readonly limit: SignInLimit
  readonly credentials: Credentials
  readonly codes: FactorCodes
  readonly policy: FactorPolicy
  readonly knownDevices: KnownDevices
  readonly audit: Audit
}

export function createSignIn(parts: SignInParts): SignIn {
  const { limit, credentials, knownDevices, audit, secret } = parts

  async function authenticate({ email, password, address, headers, ...given }: SignInAttempt) {
    // A field that was left empty is no code.
    const code = given.code?.trim() || undefined
    const from = { address, cookie: headers?.get('cookie') ?? null }
    const attempt = await limit.take(email, from).catch((error: unknown) => refuse(error, email, null))
    const checked = await credentials
      .check(email, password, attempt)
      .catch((error: unknown) => refuse(error, email, null))
    const { account, isRight } = checked
    try {
      if (account === null || !isRight) throw wrongCredentials()
      if (account.isDisabled) throw accountDisabled()
      await checkFactor(parts, account, code)
    } catch (error) {
      if (error instanceof AuthError && error.code !== 'unavailable') await attempt.failed()
      return refuse(error, email, account)
    }
    await attempt.succeeded()
    const remembered = await knownDevices.remember(account, from)
    return { person: account, checked, remembered, with: code === undefined ? 'password' : 'password and code' }
  }

  async function refuse(error: unknown, email: string, account: Person | null): Promise<never> {
    if (error instanceof AuthError) {
      await audit.record({
        action: 'sign_in',
        actor: null,
        target: account === null ? { kind: 'unknown', id: '', name: email } : userParty(account),
        outcome: 'refused',
        code: error.code,
      })
    }
    throw error
  }

  async function signIn(kind: 'browser' | 'program', attempt: SignInAttempt, earlier: string | null) {
    const { person, checked, remembered, with: factors } = await authenticate(attempt)
    const session = await openSession(parts, kind, person.id, attempt.address)
    await endIfChanged(session.token, checked)
    // A browser that was signed in, whoever it was, is not any more: nobody slips a session of theirs under another's.
    await endEarlier(parts.betterAuth, secret, earlier)
    await audit.record({ action: 'sign_in', actor: userParty(person), details: { with: factors } })
    return { session, remembered }
  }

  /** Whoever had the password before it was changed has no session that begins after the others have ended. */
  async function endIfChanged(token: string, checked: Checked): Promise<void> {
    if (await credentials.isStill(parts.database, checked)) return
    await (await parts.betterAuth.$context).internalAdapter.deleteSession(token)
    await refuse(wrongCredentials(), checked.account?.email ?? '', checked.account)
  }

  return {
    async forToken(attempt) {
      const { session } = await signIn('program', attempt, bearerIn(attempt.headers))
      return { token: signSessionToken(session.token, secret), expiresAt: session.expiresAt.toISOString() }
    },
    async forCookies(attempt) {
      const { name, attributes } = (await parts.betterAuth.$context).authCookies.sessionToken
      const earlier = parseCookies(attempt.headers?.get('cookie') ?? '').get(name) ?? null
      const { session, remembered } = await signIn('browser', attempt, earlier)
      return [serializeCookie(name, signSessionToken(session.token, secret), attributes), ...remembered]
    },
  }
}

/** What an account needs beside its password. */
async function checkFactor({ codes, policy }: SignInParts, person: Person, code: string | undefined): Promise<void> {
  if (await codes.isOn(person.id)) {
    if (code === undefined) {
      const sentence = 'Send the code of the authenticator app, or a back-up code, with the same request.'
      throw new AuthError('code_required', sentence)
    }
    if (!(await codes.use(person.id, code))) throw wrongCode(kindOfCode(code))
  } else if (await policy.needsPasskey(person)) {
    const sentence =
      'This account signs in with its passkey. For programs, sign in to the console with it and set up an authenticator app.'
    throw new AuthError('second_factor_required', sentence)
  }
}

/** @throws AuthError `account_disabled` when somebody has disabled the account at this moment */
async function openSession(parts: SignInParts, kind: SessionKind, userId: string, address: string | null) {
  const { betterAuth, sessions, lifetimes } = parts
  const { internalAdapter } = await betterAuth.$context
  const expiresAt = new Date(Date.now() + lifetimes[kind].idleMs)
  const details = {
    kind,
    ipAddress: address ?? requestOrigin().address,
    userAgent: requestOrigin().userAgent,
    expiresAt,
  }
  const session = await internalAdapter.createSession(userId, false, details, true).catch((error: unknown) => {
    throw error instanceof APIError && error.statusCode < 500 ? accountDisabled(error) : error
  })
  if ((await sessions.ofId(session.id)) === null) throw accountDisabled()
  return session
}

/** Ends the session that a request brought along, if it is one. */
export async function endEarlier(betterAuth: BetterAuth, secret: string, presented: string | null): Promise<void> {
  const token = presented === null ? null : verifySessionToken(presented, secret)
  if (token !== null) await (await betterAuth.$context).internalAdapter.deleteSession(token)
}

/** One answer for an unknown account and for a wrong password. */
export function wrongCredentials(cause?: unknown): AuthError {
  return new AuthError('wrong_credentials', 'The e-mail address or the password is wrong. Try again.', { cause })
}

/** Of somebody who is signed in: only the password was asked for. */
export function wrongPassword(): AuthError {
  return new AuthError('wrong_password', 'This is not your password. Try again.')
}

export function wrongCode(kind: CodeKind): AuthError {
  const sentence =
    kind === 'app'
      ? 'The code is wrong, has expired or has been used. Wait for the next one and try again.'
      : 'The back-up code is wrong or has been used. Try another one.'
  return new AuthError('wrong_code', sentence)
}

export function accountDisabled(cause?: unknown): AuthError {
  return new AuthError('account_disabled', 'This account is disabled. Ask an administrator.', { cause })
}
