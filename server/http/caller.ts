import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { KeyScope, Role } from '#protocol/roles.ts'
import type { Auth } from '#server/auth/auth.ts'
import { forbiddenBecause, forPeople } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import { askedBy } from '#server/auth/origin.ts'
import { HttpProblem } from './problem-reply.ts'

/** Answers who sent a request, and refuses those who may not. */
export interface Callers {
  /**
   * Throws `unauthorized`, `invalid_token`, `second_factor_required`; and `forbidden` for a service with an OAuth token,
   * unless those are let in: it is not the person it acts for.
   */
  signedIn(request: FastifyRequest, who?: 'services too'): Promise<Identity>
  /** A person with a session, and no key, device or service. Also throws `forbidden`. */
  person(request: FastifyRequest): Promise<Extract<Identity, { kind: 'user' }>>
  /** Also throws `forbidden` unless the caller has one of the roles of the route, or a key with its scope. */
  allowed(request: FastifyRequest): Promise<Identity>
  /** Cookies to send back because the browser's session has been extended. */
  renewedCookies(request: FastifyRequest): readonly string[]
}

export interface CallerOptions {
  readonly auth: Auth
  /** Requests that came through the socket in the data folder. */
  readonly isLocal: (request: Pick<IncomingMessage, 'socket'>) => boolean
}

/** Somebody on this machine who may read the data folder. */
export const localIdentity: Identity = { kind: 'local', userId: 'local', name: 'server command line', role: 'admin' }

export function createCallers({ auth, isLocal }: CallerOptions): Callers {
  const renewed = new WeakMap<FastifyRequest, readonly string[]>()

  async function signedIn(request: FastifyRequest, who?: 'services too'): Promise<Identity> {
    if (isLocal(request.raw)) {
      askedBy(localIdentity)
      return localIdentity
    }
    const found = await auth.identify(headersOf(request.raw))
    if (found === null) {
      throw new HttpProblem('unauthorized', 'Send a bearer token, an API key in X-API-Key, or sign in at the console.')
    }
    askedBy(found.identity)
    if (isConfigured(found.identity) && !isServerApi(request)) {
      const sentence = 'The key of the configuration is for /api/<method> alone. Create one with "carillon key create".'
      throw new HttpProblem('forbidden', sentence)
    }
    if (mustSetUpFactor(found.identity) && !servesSettingUp(request)) {
      throw new HttpProblem('second_factor_required', secondFactorSentence)
    }
    if (found.identity.kind === 'grant' && who === undefined) throw new HttpProblem('forbidden', forPeople)
    renewed.set(request, found.cookies)
    return found.identity
  }

  return {
    signedIn,
    renewedCookies: (request) => renewed.get(request) ?? [],
    async person(request) {
      const identity = await signedIn(request)
      if (identity.kind !== 'user') throw new HttpProblem('forbidden', 'Only a person can do this: sign in as one.')
      return identity
    },
    async allowed(request) {
      const { roles, scope } = request.routeOptions.config
      if (roles === undefined) throw new Error(`${request.routeOptions.url} does not say whose it is`)
      const identity = await signedIn(request, 'services too')
      const forbidden = forbiddenBecause(identity, roles, scope)
      if (forbidden !== null) throw new HttpProblem('forbidden', forbidden)
      return identity
    },
  }
}

/** Whether somebody may do nothing else until they have a second factor. */
export function mustSetUpFactor(identity: Identity): boolean {
  return identity.kind === 'user' && identity.mustSetUpFactor === true
}

export const secondFactorSentence =
  'Your account needs a second factor. Set up an authenticator app or a passkey under "My account" in the console.'

/** What somebody can do who has to set up a second factor: all that is about themselves, and ending sessions. */
function servesSettingUp({ routeOptions: { url = '' }, method }: FastifyRequest): boolean {
  if (/^\/api\/v1\/(me|sessions)(\/|$)/.test(url)) return true
  return url === '/api/v1/token' && method === 'DELETE'
}

/** The key that the configuration names. */
export function isConfigured(identity: Identity): boolean {
  return identity.kind === 'key' && identity.isConfigured === true
}

/** `/api/publish` and its like, and `/api` of older libraries; the product's own resources and identity stand one level deeper. */
function isServerApi({ url }: FastifyRequest): boolean {
  return /^\/api(\/[^/?]+)?\/?(\?|$)/.test(url)
}

/** Where a request comes from, trusted proxies seen through. */
export function addressOf({ raw, server }: FastifyRequest): string {
  return server.addressOf(raw)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may, as `callers.allowed` asks. */
    readonly roles?: readonly Role[]
    /** With which scope a key may; without one no key may. */
    readonly scope?: KeyScope
  }
  interface FastifyInstance {
    readonly addressOf: (request: IncomingMessage) => string
  }
}

export function headersOf(request: Pick<IncomingMessage, 'headers'>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return headers
}
