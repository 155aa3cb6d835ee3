import type { Logger } from 'pino'
import { z } from 'zod'
import { type ProblemCode, problemDocument, problems } from '#protocol/problem.ts'
import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import { addressHeader, authPath, type BetterAuth } from './better-auth.ts'
import type { Identity } from './identity.ts'
import type { createOAuthEndpoints } from './oauth/endpoints.ts'
import { type Passkeys, passkeyEndpoints, staleSession } from './passkeys.ts'
import { addressKey, type RateLimit } from './rate-limit.ts'
import { accountDisabled } from './sign-in.ts'

/**
 * All of better-auth that is served. It has some ninety endpoints more, and may have others in its next version; what
 * is not named here does not exist.
 */
const served: ReadonlySet<string> = new Set([...['POST /sign-out', 'GET /jwks', 'GET /ok'], ...passkeyEndpoints])

/** Whoever meets an unknown `kid` asks again sooner: new keys are published before anybody has seen a token of theirs. */
const keySetCaching = 'public, max-age=300'

export interface HttpParts {
  readonly betterAuth: BetterAuth
  readonly baseUrl: string
  readonly passkeys: Passkeys
  readonly requests: RateLimit
  /** OAuth, which answers in its own forms. */
  readonly oauth: ReturnType<typeof createOAuthEndpoints>
  /** Sees to it that there is a key to sign with, so that the key set is never empty. */
  readonly prepareKeys: () => Promise<unknown>
  readonly identify: Auth['identify']
  readonly audit: Audit
  readonly log: Logger
}

export function createHandle(parts: HttpParts): Auth['handle'] {
  const { betterAuth, baseUrl, passkeys, requests, prepareKeys, identify, audit, log } = parts

  async function answer(request: Request, address: string): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const path = pathname.startsWith(`${authPath}/`) ? pathname.slice(authPath.length) : ''
    const oauth = parts.oauth(request.method, path)
    if (oauth === null && !served.has(`${request.method} ${path}`)) return nothingHere(path)
    const retryAfter = await requests.take(addressKey(address))
    if (retryAfter !== null) {
      const sentence = `Too many requests. Try again in ${retryAfter} seconds.`
      throw new AuthError('rate_limited', sentence, { retryAfter })
    }
    if (oauth !== null) return oauth(request, address)
    const isPasskey = path.startsWith('/passkey/')
    if (isPasskey) await passkeys.before(path, request.headers, address)
    if (path === '/jwks') await prepareKeys()
    const headers = new Headers(request.headers)
    headers.set(addressHeader, address)
    // The address comes from the configuration: what the Host header says has no effect.
    const forwarded = new Request(new URL(pathname + search, baseUrl), {
      method: request.method,
      headers,
      ...(request.body === null ? {} : { body: await request.arrayBuffer() }),
    })
    // Afterwards nobody knows any more who it was.
    const leaving = path === '/sign-out' ? await signedIn(request.headers) : null
    const response = await betterAuth.handler(forwarded)
    if (!response.ok) {
      const refusal = await refused(response)
      if (isPasskey) await passkeys.refused(path, refusal)
      return refusal
    }
    if (leaving !== null && 'sessionId' in leaving) {
      const target = { kind: 'session', id: leaving.sessionId, name: '' } as const
      await audit.record({ action: 'sign_out', actor: leaving, target })
    }
    if (path === '/jwks') response.headers.set('cache-control', keySetCaching)
    return withoutToken(isPasskey ? await passkeys.after(path, response, request.headers, address) : response)
  }

  /** Another method, or another address. */
  function nothingHere(path: string): Response {
    const methods = ['GET', 'POST'].filter((each) => served.has(`${each} ${path}`) || parts.oauth(each, path) !== null)
    if (methods.length === 0) throw new AuthError('not_found', 'There is nothing at this address.')
    const error = new AuthError('method_not_allowed', `Send a ${methods.join(' or ')} request.`)
    return problemResponse(error, new Headers({ allow: methods.join(', ') }))
  }

  /** A session that has ended already signs out as well. */
  async function signedIn(headers: Headers): Promise<Identity | null> {
    const found = await identify(headers).catch(() => null)
    return found?.identity ?? null
  }

  return async (request, address) => {
    try {
      return await answer(request, address)
    } catch (error) {
      if (error instanceof AuthError) return problemResponse(error, new Headers())
      log.error({ err: error }, 'identity failed to answer a request')
      return problemResponse(new AuthError('internal', 'Try again; the log of the server says more.'), new Headers())
    }
  }
}

/**
 * better-auth repeats the cookie's value in a header for programs, which pages could read and HttpOnly is there to
 * prevent. Programs sign in with `POST /api/v1/token`.
 */
function withoutToken({ body, status, headers: given }: Response): Response {
  const headers = new Headers(given)
  headers.delete('set-auth-token')
  headers.delete('access-control-expose-headers')
  return new Response(body, { status, headers })
}

const betterAuthError = z.object({ code: z.string(), message: z.string().default('') })

/** better-auth's codes that have one of ours; the others go by their status. */
const knownErrors: Readonly<Record<string, () => AuthError>> = {
  AUTHENTICATION_FAILED: wrongPasskey,
  PASSKEY_NOT_FOUND: wrongPasskey,
  CHALLENGE_NOT_FOUND: wrongPasskey,
  SESSION_NOT_FRESH: staleSession,
  BANNED_USER: accountDisabled,
  MISSING_OR_NULL_ORIGIN: missingOrigin,
  INVALID_ORIGIN: wrongOrigin,
}

const codeByStatus: Readonly<Record<number, ProblemCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  429: 'rate_limited',
  500: 'internal',
}

/** better-auth's own errors in the shape that all of ours have; its cookies are kept. */
async function refused(response: Response): Promise<Response> {
  const parsed = betterAuthError.safeParse(await response.json().catch(() => undefined))
  const headers = new Headers(response.headers)
  const known = parsed.success ? knownErrors[parsed.data.code] : undefined
  const code = codeByStatus[response.status] ?? 'bad_request'
  const sentence = (parsed.success && parsed.data.message) || problems[code].title
  return problemResponse(known?.() ?? new AuthError(code, sentence), headers)
}

/** Also for a passkey that is unknown: whose keys there are is nobody's business. */
function wrongPasskey(): AuthError {
  const sentence = 'The passkey was not accepted. Try again, or sign in with your password.'
  return new AuthError('wrong_credentials', sentence)
}

function missingOrigin(): AuthError {
  return new AuthError('wrong_origin', 'The Origin header is missing. Send that of this server.')
}

function wrongOrigin(): AuthError {
  return new AuthError('wrong_origin', 'The request does not come from a page of this server. Open its own address.')
}

function problemResponse(error: AuthError, headers: Headers): Response {
  const body = problemDocument(error.code, error.message)
  headers.delete('content-length')
  headers.set('content-type', 'application/problem+json')
  const retryAfter = error.retryAfter?.toString() ?? headers.get('x-retry-after')
  if (retryAfter) headers.set('retry-after', retryAfter)
  return new Response(JSON.stringify(body), { status: body.status, headers })
}
