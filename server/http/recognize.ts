import { AuthError } from '#server/auth/auth-error.ts'
import type { Identity } from '#server/auth/identity.ts'
import { onBehalfOf } from '#server/auth/origin.ts'
import type { Metrics } from '#server/metrics/metrics.ts'
import type { UpgradeRequest } from '#server/realtime/realtime.ts'
import {
  type CallerOptions,
  headersOf,
  isConfigured,
  localIdentity,
  mustSetUpFactor,
  secondFactorSentence,
} from './caller.ts'
import type { IsTrusted } from './client-address.ts'
import { originOf, requestIdOf } from './request-origin.ts'

/**
 * Who opens a connection, over whatever transport: a ticket in the URL, a bearer or a key decides. Null without one: then
 * the connect command has to bring a token. Rejects with an `AuthError` for one that is not good.
 */
export type Recognize = (request: UpgradeRequest, ticket: string | null) => Recognized | Promise<Recognized>
type Recognized = Identity | null | 'refused'

export interface RecognizeParts extends Pick<CallerOptions, 'auth' | 'isLocal'> {
  readonly metrics: Pick<Metrics, 'refused'>
  /** A header that may hold a token as well; null for none. */
  readonly tokenHeader: string | null
  readonly isTrustedProxy: IsTrusted
  /** Where a client is. */
  readonly addressOf: (request: UpgradeRequest) => string
}

/** Cookies are not looked at: any page a browser shows could send them. */
export function createRecognize(parts: RecognizeParts): Recognize {
  const { auth, isLocal, isTrustedProxy, addressOf, metrics, tokenHeader } = parts
  const headers = ['authorization', 'x-api-key', ...(tokenHeader === null ? [] : [tokenHeader.toLowerCase()])]
  return (request, ticket) => {
    if (isLocal(request)) return localIdentity
    if (ticket === null && headers.every((name) => request.headers[name] === undefined)) return null
    const origin = { ...originOf(request, addressOf, requestIdOf(request, isTrustedProxy)), route }
    return onBehalfOf(origin, () => recognizeByCredentials(request, ticket))
  }

  async function recognizeByCredentials(request: UpgradeRequest, ticket: string | null): Promise<Recognized> {
    try {
      const found = await recognize(request, ticket)
      if (found !== 'refused') return found
      metrics.refused('credentials')
      const target = { kind: 'route', id: route, name: route } as const
      const refusal = { action: 'access_refused', outcome: 'refused', code: 'unauthorized', actor: null } as const
      await auth.audit.record({ ...refusal, target })
      return found
    } catch (error) {
      if (error instanceof AuthError && error.code !== 'unavailable') metrics.refused('credentials')
      throw error
    }
  }

  async function recognize(request: UpgradeRequest, ticket: string | null): Promise<Recognized> {
    if (ticket !== null) return (await auth.tickets.redeem(ticket)) ?? 'refused'
    const headers = headersOf(request)
    headers.delete('cookie')
    const identity = (await auth.identify(headers))?.identity ?? null
    if (identity && mustSetUpFactor(identity)) throw new AuthError('second_factor_required', secondFactorSentence)
    return identity && isConfigured(identity) ? 'refused' : identity
  }
}

/** Whatever the transport. */
const route = 'GET /connection'
