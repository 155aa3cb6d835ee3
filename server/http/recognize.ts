import type { IncomingMessage } from 'node:http'
import type { Identity } from '#server/auth/identity.ts'
import { type CallerOptions, headersOf, localIdentity } from './caller.ts'

/**
 * Who opens a connection, over whatever transport: a ticket in the URL, a bearer or a key decides. Null without one: then
 * the connect command has to bring a token. Rejects with an `AuthError` for one that is not good.
 */
export type Recognize = (request: IncomingMessage, ticket: string | null) => Promise<Identity | null | 'refused'>

/** Cookies are not looked at: any page a browser shows could send them. */
export function createRecognize({ auth, isLocal }: Pick<CallerOptions, 'auth' | 'isLocal'>): Recognize {
  return async (request, ticket) => {
    if (isLocal(request)) return localIdentity
    if (ticket !== null) return (await auth.tickets.redeem(ticket)) ?? 'refused'
    const { authorization, 'x-api-key': key } = request.headers
    if (authorization === undefined && key === undefined) return null
    const headers = headersOf(request)
    headers.delete('cookie')
    return (await auth.identify(headers))?.identity ?? null
  }
}
