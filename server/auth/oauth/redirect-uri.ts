import type { OauthClientKind } from '#protocol/oauth.ts'

/** The kinds that a browser comes back to. */
const withBrowser: ReadonlySet<OauthClientKind> = new Set(['web', 'native'])

/** Why these cannot be the addresses of such a client; null when they can. */
export function redirectProblem(kind: OauthClientKind, uris: readonly string[]): string | null {
  if (!withBrowser.has(kind)) {
    return uris.length === 0 ? null : `No browser comes back to a ${kind} client: leave redirectUris empty.`
  }
  if (uris.length === 0) return 'Give at least one address that browsers come back to, in redirectUris.'
  for (const uri of uris) {
    const problem = uriProblem(kind, uri)
    if (problem !== null) return `${uri}: ${problem}`
  }
  return null
}

/** It is compared letter by letter; only the port of a loopback address may be another one. */
function uriProblem(kind: OauthClientKind, uri: string): string | null {
  if (uri.length > 500) return 'an address has at most 500 characters.'
  if (/[\s*\\]/.test(uri)) return 'give the exact address, without wildcards and spaces.'
  if (uri.includes('#')) return 'leave the fragment out: the code comes in the query.'
  if (!URL.canParse(uri)) return 'give a full address, for example https://app.example.org/callback.'
  const { protocol, hostname, username, password } = new URL(uri)
  if (username !== '' || password !== '') return 'leave user name and password out.'
  if (protocol === 'https:') return null
  if (protocol === 'http:') {
    return loopback.has(hostname) ? null : 'over plain http anybody on the way could take the code: use https.'
  }
  if (kind === 'native' && /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:\/(?!\/)/i.test(uri)) return null
  return kind === 'native'
    ? 'a scheme of your own begins with a domain of yours turned round, for example org.example.app:/callback.'
    : 'use https, or http on a loopback address.'
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])
