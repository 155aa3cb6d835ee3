import { createHash } from 'node:crypto'
import type { OauthClientRequest } from '#protocol/oauth.ts'
import type { Auth } from '../auth.ts'
import { address, baseUrl, browserSignedIn, identityOf, operator, signedIn } from '../auth-fixture.ts'
import type { Identity } from '../identity.ts'

export const callback = 'https://dashboards.example.org/callback'

/** A service that people sign in to, unless told otherwise. */
export async function registered(auth: Auth, request: Partial<OauthClientRequest> = {}) {
  const usual: OauthClientRequest = {
    ...{ name: 'Dashboards', kind: 'web', redirectUris: [callback] },
    scopes: ['openid', 'publish', 'offline_access'],
  }
  const { id, secret } = await auth.oauth.clients.create({ ...usual, ...request }, operator)
  return { client_id: id, ...(secret !== null && { client_secret: secret }) }
}
type Credentials = Awaited<ReturnType<typeof registered>>

/** What a program posts, and is answered. */
export async function post(auth: Auth, path: string, fields: Readonly<Record<string, string>>) {
  const request = new Request(`${baseUrl}/api/auth/oauth2/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
  const response = await auth.handle(request, address)
  const text = await response.text()
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
}

/** Ada at her browser, who lets a service in. */
export async function adasBrowser(auth: Auth) {
  const { user, identity } = await signedIn(auth)
  const cookie = await browserSignedIn(auth)
  const verifier = 'v'.repeat(43)
  return {
    ...{ user, identity, cookie },
    /** The form that exchanges a fresh code. */
    async code(client: Credentials, scope = 'openid publish offline_access') {
      const query = new URLSearchParams({
        ...{ response_type: 'code', client_id: client.client_id, redirect_uri: callback, scope },
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      })
      const sent = await auth.handle(
        new Request(`${baseUrl}/api/auth/oauth2/authorize?${query}`, { headers: { cookie } }),
        address,
      )
      let location = new URL(sent.headers.get('location') ?? '', baseUrl)
      if (location.pathname === '/oauth/consent') {
        const decided = await auth.oauth.consents.decide({ query: location.search, accept: true, cookie }, identity)
        location = new URL(decided.url)
      }
      const code = location.searchParams.get('code') ?? ''
      return { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier, ...client }
    },
    /** Tokens for a service that she lets in. */
    async tokens(client: Credentials, scope?: string) {
      const { body } = await post(auth, 'token', await this.code(client, scope))
      return { access: String(body.access_token), refresh: String(body.refresh_token) }
    },
  }
}

/** Who presents a token; null when it opens nothing. */
export async function holderOf(auth: Auth, token: string): Promise<Identity | null> {
  return identityOf(auth, token).catch(() => null)
}
