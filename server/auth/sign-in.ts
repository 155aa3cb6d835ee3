import { APIError } from 'better-auth/api'
import type { TokenAnswer } from '#protocol/api.ts'
import { AuthError } from './auth-error.ts'
import { addressHeader, type BetterAuth, programHeader } from './better-auth.ts'
import { requestOrigin } from './origin.ts'
import type { Sessions } from './sessions.ts'

/** Signs in within the process, with the checks and limits that HTTP has. */
export function createSignIn({ betterAuth, sessions }: { betterAuth: BetterAuth; sessions: Sessions }) {
  async function signIn(email: string, password: string, headers: Headers) {
    try {
      return await betterAuth.api.signInEmail({ body: { email, password }, headers, returnHeaders: true })
    } catch (error) {
      throw signInError(error)
    }
  }

  return {
    async forToken(email: string, password: string, address: string): Promise<TokenAnswer> {
      const { headers, response } = await signIn(email, password, programHeaders(address))
      const token = headers.get('set-auth-token')
      const session = await sessions.ofToken(response.token)
      // Ended already: somebody has disabled the account at this moment.
      if (token === null || session === null) throw accountDisabled()
      return { token, expiresAt: new Date(session.expiresAt).toISOString() }
    },
    /** For the server itself: no limits. Answers the `Set-Cookie` headers. */
    async forCookies(email: string, password: string): Promise<readonly string[]> {
      const { headers } = await signIn(email, password, new Headers())
      return headers.getSetCookie()
    },
  }
}

function programHeaders(address: string): Headers {
  const { userAgent } = requestOrigin()
  return new Headers({ [addressHeader]: address, [programHeader]: 'yes', 'user-agent': userAgent })
}

/** One answer for an unknown account and for a wrong password. */
export function wrongCredentials(cause?: unknown): AuthError {
  return new AuthError('wrong_credentials', 'The e-mail address or the password is wrong. Try again.', { cause })
}

export function accountDisabled(cause?: unknown): AuthError {
  return new AuthError('account_disabled', 'This account is disabled. Ask an administrator.', { cause })
}

function signInError(error: unknown): unknown {
  if (!(error instanceof APIError)) return error
  if (error.body?.code === 'BANNED_USER') return accountDisabled(error)
  // What is left is about the two values: not an address, too long, not the right ones.
  return error.statusCode < 500 ? wrongCredentials(error) : error
}
