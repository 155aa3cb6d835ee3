import { getAuthenticatorName, passkey } from '@better-auth/passkey'
import { APIError } from 'better-auth/api'
import { parseCookies } from 'better-call'
import { z } from 'zod'
import type { SecondFactorView } from '#protocol/account.ts'
import { personName } from '#protocol/api.ts'
import type { ProblemCode } from '#protocol/problem.ts'
import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import type { Identity } from './identity.ts'
import type { KnownDevices } from './known-devices.ts'
import { personOf } from './person-identity.ts'
import { addressKey, type RateLimit } from './rate-limit.ts'
import type { Sessions } from './sessions.ts'
import { endEarlier } from './sign-in.ts'

/** Where the library's endpoints for passkeys are, below `/api/auth`. */
export const passkeyEndpoints = [
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
] as const

/** What is ours around the library's ceremonies (WebAuthn). */
export interface Passkeys {
  /** Before one of the endpoints is asked. Throws `bad_request`, `unauthorized`, `forbidden`, `rate_limited`. */
  before(path: string, headers: Headers, address: string): Promise<void>
  /** What is answered instead of what the endpoint did. */
  after(path: string, answer: Response, headers: Headers, address: string): Promise<Response>
  /** Records that somebody was refused. */
  refused(path: string, answer: Response): Promise<void>
  list(userId: string): Promise<SecondFactorView['passkeys']>
  /** Throws `not_found`, and `forbidden` unless the session began within ten minutes. */
  remove(by: Identity, id: string): Promise<void>
  removeAll(userId: string): Promise<void>
}

export interface PasskeysParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly baseUrl: string
  readonly secret: string
  readonly sessions: Sessions
  readonly identify: Auth['identify']
  readonly knownDevices: KnownDevices
  /** Attempts to sign in with a passkey, by address. */
  readonly attempts: RateLimit
  readonly audit: Audit
  readonly clock: () => number
}

/** How long after signing in passkeys may be added and removed. */
export const freshMs = 10 * 60_000

/** The library, told that a passkey is two factors: the thing, and the finger or PIN that it asks for each time. */
export function passkeyPlugin({ baseUrl, database, clock }: Pick<PasskeysParts, 'baseUrl' | 'database' | 'clock'>) {
  const { rpID, origin } = relyingParty(baseUrl)
  return passkey({
    rpID,
    origin,
    rpName: 'Carillon',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    advanced: { webAuthnChallengeCookie: 'passkey_challenge' },
    registration: {
      async afterVerification({ ctx, verification }) {
        if (!verification.registrationInfo?.userVerified) throw unverified()
        const named = personName.optional().safeParse((ctx.body as { name?: unknown }).name)
        if (!named.success) throw new APIError('BAD_REQUEST', { message: 'Give the passkey another name.' })
        return undefined
      },
    },
    authentication: {
      async afterVerification({ verification }) {
        const { userVerified, credentialID } = verification.authenticationInfo
        if (!userVerified) throw unverified()
        await database.run(
          `insert into passkey_uses (credential_id, user_id, last_used_at)
           select "credentialID", "userId", ? from passkey where "credentialID" = ?
           on conflict (credential_id) do update set last_used_at = excluded.last_used_at`,
          new Date(clock()).toISOString(),
          credentialID,
        )
      },
    },
  })
}

function unverified(): APIError {
  return new APIError('UNAUTHORIZED', { code: 'AUTHENTICATION_FAILED', message: 'no user verification' })
}

/** Passkeys are bound to a name. A loopback address goes by `localhost`, as browsers want it. */
function relyingParty(baseUrl: string): { rpID: string; origin: string; isPossible: boolean } {
  const { protocol, hostname, port, origin } = new URL(baseUrl)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (isLoopback) {
    const here = `${protocol}//localhost${port === '' ? '' : `:${port}`}`
    return { rpID: 'localhost', origin: here, isPossible: true }
  }
  const isName = !/^[\d.]+$/.test(hostname) && !hostname.startsWith('[')
  return { rpID: hostname, origin, isPossible: isName && protocol === 'https:' }
}

export function createPasskeys(parts: PasskeysParts): Passkeys {
  const { database, betterAuth, secret, sessions, knownDevices, audit, clock } = parts
  const party = relyingParty(parts.baseUrl)

  function refuseAddress(headers: Headers): void {
    if (!party.isPossible) {
      const sentence = 'Passkeys need an https address with a name. Give the server one as public_url.'
      throw new AuthError('bad_request', sentence)
    }
    const host = headers.get('host')
    if (party.rpID !== 'localhost' || host === null || host.startsWith('localhost')) return
    throw new AuthError('bad_request', `Browsers have no passkeys at ${host}. Open ${party.origin} instead.`)
  }

  async function signedIn(answer: Response, headers: Headers, address: string): Promise<Response> {
    const { session, user } = started.parse(await answer.json())
    const opened = await sessions.ofId(session.id)
    if (opened === null) throw new AuthError('account_disabled', 'This account is disabled. Ask an administrator.')
    const { name } = (await betterAuth.$context).authCookies.sessionToken
    const earlier = parseCookies(headers.get('cookie') ?? '').get(name) ?? null
    await endEarlier(betterAuth, secret, earlier)
    const remembered = await knownDevices.remember(user, { address, cookie: headers.get('cookie') })
    await audit.record({ action: 'sign_in', actor: opened.identity, details: { with: 'passkey' } })
    const cookies = new Headers()
    for (const cookie of [...answer.headers.getSetCookie(), ...remembered]) cookies.append('set-cookie', cookie)
    return Response.json({}, { headers: cookies })
  }

  async function added(answer: Response, headers: Headers): Promise<Response> {
    const { id, name } = created.parse(await answer.json())
    const by = (await parts.identify(headers))?.identity ?? null
    await audit.record({ action: 'passkey_add', actor: by, target: { kind: 'passkey', id, name: name ?? 'Passkey' } })
    return Response.json({ id, name: name ?? 'Passkey' })
  }

  return {
    async before(path, headers, address) {
      refuseAddress(headers)
      if (path.endsWith('-registration') || path.endsWith('-register-options')) {
        const found = await parts.identify(headers)
        if (found === null) throw new AuthError('unauthorized', 'Sign in before you add a passkey.')
        await refuseStale(personOf(found.identity).sessionId)
      } else if (path === '/passkey/verify-authentication') {
        const retryAfter = await parts.attempts.take(addressKey(address))
        if (retryAfter === null) return
        throw new AuthError('rate_limited', `Too many attempts to sign in. Try again in ${retryAfter} seconds.`, {
          retryAfter,
        })
      }
    },
    async after(path, answer, headers, address) {
      switch (path) {
        case '/passkey/verify-authentication':
          return signedIn(answer, headers, address)
        case '/passkey/verify-registration':
          return added(answer, headers)
        case '/passkey/generate-authenticate-options':
          return withBody(answer, { ...z.looseObject({}).parse(await answer.json()), userVerification: 'required' })
        default:
          return answer
      }
    },
    async refused(path, answer) {
      if (path !== '/passkey/verify-authentication') return
      const { code } = z.object({ code: z.string() }).parse(await answer.clone().json())
      await audit.record({
        ...{ action: 'sign_in', actor: null, outcome: 'refused', code: code as ProblemCode },
        details: { with: 'passkey' },
      })
    },
    async list(userId) {
      const rows = await database.all<Row>(
        `select p.id, p.name, p.aaguid, p."createdAt", x.last_used_at as "lastUsedAt" from passkey p
         left join passkey_uses x on x.credential_id = p."credentialID" where p."userId" = ? order by p."createdAt"`,
        userId,
      )
      return rows.map(({ id, name, aaguid, createdAt, lastUsedAt }) => ({
        id,
        name: name || getAuthenticatorName(aaguid ?? undefined) || 'Passkey',
        createdAt: new Date(createdAt).toISOString(),
        lastUsedAt,
      }))
    },
    async remove(by, id) {
      const person = personOf(by)
      const row = await database.get<{ name: string | null }>(
        'select name from passkey where id = ? and "userId" = ?',
        ...[id, person.userId],
      )
      if (row === undefined) throw new AuthError('not_found', 'There is no such passkey. It may be gone already.')
      await refuseStale(person.sessionId)
      await database.run('delete from passkey where id = ? and "userId" = ?', id, person.userId)
      await audit.record({
        action: 'passkey_remove',
        actor: by,
        target: { kind: 'passkey', id, name: row.name ?? 'Passkey' },
      })
    },
    async removeAll(userId) {
      await database.run('delete from passkey where "userId" = ?', userId)
      await database.run('delete from passkey_uses where user_id = ?', userId)
    },
  }

  /** Who walks up to a console that was left open cannot make themselves at home in it. */
  async function refuseStale(sessionId: string): Promise<void> {
    const session = await sessions.ofId(sessionId)
    if (session !== null && clock() - session.startedAt < freshMs) return
    throw staleSession()
  }
}

export function staleSession(): AuthError {
  return new AuthError('forbidden', 'Sign in once more before you add or remove a passkey: it guards the account.')
}

function withBody({ status, headers: given }: Response, body: unknown): Response {
  const headers = new Headers(given)
  headers.delete('content-length')
  return Response.json(body, { status, headers })
}

const started = z.object({
  session: z.object({ id: z.string() }),
  user: z.object({ id: z.string(), email: z.string() }),
})

const created = z.object({ id: z.string(), name: z.string().nullish() })

interface Row {
  readonly id: string
  readonly name: string | null
  readonly aaguid: string | null
  readonly createdAt: string
  readonly lastUsedAt: string | null
}
