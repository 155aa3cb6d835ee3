import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { HttpProblem } from './problem-reply.ts'

export interface CrossSiteOptions {
  readonly isLocal: (request: Pick<IncomingMessage, 'socket'>) => boolean
  /** Whether the pages of this origin are our own. */
  readonly isTrustedOrigin: (origin: string) => boolean
}

/** They change nothing. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Every cookie of ours, those of a sign-in that is not complete among them. */
const ownCookie = /(?:^|;\s*)(?:__Secure-)?carillon\./

const otherOrigin = 'Use the console at the address that this server was given as public_url.'

/** A program that uses a cookie; every browser says where its pages come from. */
const missingOrigin = 'The Origin header is missing. Send that of this server, or a bearer token instead of the cookie.'

/**
 * Refuses what would change something and brings a browser's cookie, unless it comes from our own pages: any page that
 * the browser shows can have it send such a request. Looked at before anything else, whatever the route.
 */
export function createCrossSiteGuard({ isLocal, isTrustedOrigin }: CrossSiteOptions) {
  return async ({ method, headers, raw }: FastifyRequest): Promise<void> => {
    if (safeMethods.has(method) || !ownCookie.test(headers.cookie ?? '') || isLocal(raw)) return
    const { origin, 'sec-fetch-site': site } = headers
    if (origin !== undefined && isTrustedOrigin(origin) && site !== 'cross-site') return
    throw new HttpProblem('wrong_origin', origin === undefined ? missingOrigin : otherOrigin)
  }
}

/**
 * Whether a page of another site asks. Programs send no `Origin`, and apps one of their own scheme; `null` is what
 * any page gets for a frame that it has sandboxed.
 */
export function isForeignPage(
  { headers }: Pick<IncomingMessage, 'headers'>,
  isAllowed: (origin: string) => boolean,
): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined) return (origin === 'null' || /^https?:/i.test(origin)) && !isAllowed(origin)
  // An image or a frame brings no origin, and is nothing that our own pages use.
  return site === 'cross-site' || site === 'same-site'
}
