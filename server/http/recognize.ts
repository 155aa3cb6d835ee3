import type { IncomingMessage } from 'node:http'
import { AuthError } from '#server/auth/auth-error.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Metrics } from '#server/metrics/metrics.ts'
import { type CallerOptions, headersOf, localIdentity } from './caller.ts'

/**
 * Who opens a connection, over whatever transport: a ticket in the URL, a bearer or a key decides. Null without one: then
 * the connect command has to bring a token. Rejects with an `AuthError` for one that is not good.
 */
export type Recognize = (request: IncomingMessage, ticket: string | null) => Promise<Identity | null>

export interface RecognizeOptions extends Pick<CallerOptions, 'auth' | 'isLocal'> {
  readonly metrics: Pick<Metrics, 'refused'>
}

/** Cookies are not looked at: any page a browser shows could send them. */
export function createRecognize({ auth, metrics, isLocal }: RecognizeOptions): Recognize {
  return async (request, ticket) => {
    if (isLocal(request)) return localIdentity
    try {
      return await (ticket === null ? byHeaders(request) : byTicket(ticket))
    } catch (error) {
      if (error instanceof AuthError && error.code !== 'unavailable') metrics.refused('credentials')
      throw error
    }
  }

  async function byTicket(ticket: string): Promise<Identity> {
    const identity = await auth.tickets.redeem(ticket)
    if (identity === null) throw new AuthError('unauthorized', 'The ticket was used or has ended. Fetch another.')
    return identity
  }

  async function byHeaders(request: IncomingMessage): Promise<Identity | null> {
    const headers = headersOf(request)
    headers.delete('cookie')
    return (await auth.identify(headers))?.identity ?? null
  }
}
