import { z } from 'zod'
import type { Audit } from '../audit.ts'
import { addressHeader, authPath, type BetterAuth, issuerOf } from '../better-auth.ts'
import { bearerIn } from '../presented.ts'
import { type AuthorizeParts, createAuthorize } from './authorize.ts'
import { clientParty } from './clients.ts'
import { type ClientForm, type Forward, readForm } from './form.ts'
import type { Grants } from './grants.ts'
import { holderParty, type IssuedTokens } from './issued.ts'
import { accessTokenPrefix, refreshTokenPrefix } from './limits.ts'
import { metadataOf } from './metadata.ts'
import { oauthError } from './oauth-error.ts'
import { createTokenEndpoint, type TokenEndpointParts } from './token-endpoint.ts'

export interface EndpointsParts extends Omit<TokenEndpointParts, 'forward'>, AuthorizeParts {
  readonly betterAuth: BetterAuth
  readonly baseUrl: string
  readonly grants: Grants
  readonly issued: IssuedTokens
  readonly audit: Audit
}

/** Also one that is not known, which better-auth answers with 400. */
async function isClientRefused(response: Response): Promise<boolean> {
  if (response.status === 401) return true
  const said = z.object({ error: z.string() }).safeParse(
    await response
      .clone()
      .json()
      .catch(() => null),
  )
  return said.data?.error === 'invalid_client'
}

/** In place of better-auth's words for it. */
function unknownClient({ status, headers }: Response, clientId: string | null): Response {
  const sentence =
    clientId === null
      ? 'Say which client asks: its id and secret in the header Authorization, or client_id in the form.'
      : 'No client has this id. Compare client_id with what was printed when the client was registered.'
  const body = JSON.stringify({ error: 'invalid_client', error_description: sentence })
  return new Response(body, { status, headers })
}

type Endpoint = (request: Request, address: string) => Promise<Response>

/**
 * OAuth over HTTP, under `/api/auth`. better-auth answers; here stands what it does not do: forms only, one answer for
 * what has ended, and the news that sockets close by. Null for what is not served.
 */
export function createOAuthEndpoints(parts: EndpointsParts): (method: string, path: string) => Endpoint | null {
  const { betterAuth, baseUrl, clients, grants, issued, audit } = parts

  const forward: Forward = async (path, { fields, authorization, isPosted, clientId }, address) => {
    let response = await betterAuth.handler(
      new Request(`${baseUrl}${authPath}${path}`, {
        method: 'POST',
        // Neither cookies nor an Origin: who asks is a program.
        headers: {
          ...{ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
          ...(authorization !== null && { authorization }),
          [addressHeader]: address,
        },
        body: fields.toString(),
      }),
    )
    if (!response.ok && (await isClientRefused(response))) {
      const client = clientId === null ? null : await clients.find(clientId)
      const actor = client === null ? null : clientParty(client.id, client.name)
      const refusal = { action: 'oauth_client_refused', outcome: 'refused', code: 'wrong_credentials' } as const
      await audit.record({ ...refusal, actor, details: { endpoint: path } })
      if (client === null) response = unknownClient(response, clientId)
    }
    // Who did not use the header is not to be told to use it better.
    if (isPosted) response.headers.delete('www-authenticate')
    return response
  }

  /** The token a form is about. What cannot be one of ours is asked for as one that is not there. */
  function tokenIn({ fields }: ClientForm): string {
    const token = fields.get('token') ?? ''
    const isRefresh = token.startsWith(refreshTokenPrefix)
    fields.set('token_type_hint', isRefresh ? 'refresh_token' : 'access_token')
    if (token !== '' && !isRefresh && !token.startsWith(accessTokenPrefix)) fields.set('token', accessTokenPrefix)
    return token
  }

  async function introspect(request: Request, address: string): Promise<Response> {
    const form = await readForm(request)
    if (form instanceof Response) return form
    const token = tokenIn(form)
    const response = await forward('/oauth2/introspect', form, address)
    if (!response.ok) return response
    const said = (await response.json()) as { active?: unknown }
    return json(said.active === true && (await isAlive(token)) ? said : { active: false })
  }

  /** What better-auth does not see: a person who was disabled, a consent taken back, a session that has ended. */
  async function isAlive(token: string): Promise<boolean> {
    if (!token.startsWith(refreshTokenPrefix)) return (await grants.ofToken(token)) !== null
    const row = await issued.refreshToken(token)
    return row?.userId != null && (await grants.isGranted({ userId: row.userId, clientId: row.clientId }))
  }

  async function revoke(request: Request, address: string): Promise<Response> {
    const form = await readForm(request)
    if (form instanceof Response) return form
    const token = tokenIn(form)
    const refresh = await issued.refreshToken(token)
    const access = refresh === null ? await issued.accessToken(token) : null
    const ended = refresh === null ? [access].filter((row) => row !== null) : await issued.beside(refresh)
    const response = await asRevoked(await forward('/oauth2/revoke', form, address))
    const row = refresh ?? access
    // Of another client's token nothing is said, and nothing was done.
    if (!response.ok || row === null || row.clientId !== form.clientId) return response
    if (refresh !== null) await issued.endBeside(refresh)
    issued.tellEnded(ended)
    await audit.record({
      action: 'oauth_revoke',
      ...{ actor: clientParty(row.clientId, row.client), target: holderParty(row) },
      details: { token: refresh === null ? 'access' : 'refresh' },
    })
    return response
  }

  async function userinfo(request: Request, address: string): Promise<Response> {
    const token = bearerIn(request.headers) ?? ''
    if ((await grants.ofToken(token)) === null) {
      return oauthError('invalid_token', 'The access token has expired or was revoked. Refresh it.')
    }
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', [addressHeader]: address }
    return betterAuth.handler(new Request(`${baseUrl}${authPath}/oauth2/userinfo`, { headers }))
  }

  const { token, deviceAuthorization } = createTokenEndpoint({ ...parts, forward })
  const metadata = async () => json(metadataOf(issuerOf(baseUrl)), 'public, max-age=60')
  const served: Readonly<Record<string, Endpoint>> = {
    'GET /oauth2/authorize': createAuthorize(parts),
    'POST /oauth2/token': token,
    'POST /oauth2/device_authorization': deviceAuthorization,
    'POST /oauth2/introspect': introspect,
    'POST /oauth2/revoke': revoke,
    'GET /oauth2/userinfo': userinfo,
    'POST /oauth2/userinfo': userinfo,
    'GET /.well-known/openid-configuration': metadata,
    'GET /.well-known/oauth-authorization-server': metadata,
  }
  return (method, path) => (Object.hasOwn(served, `${method} ${path}`) ? (served[`${method} ${path}`] ?? null) : null)
}

/** What better-auth says of a token that is not there, or no more: to end it again is no error (RFC 7009, section 2.2). */
const alreadyGone: ReadonlySet<string> = new Set(['Invalid access token', 'token not found', 'refresh token revoked'])
const errorAnswer = z.object({ error_description: z.string() })

async function asRevoked(response: Response): Promise<Response> {
  if (response.ok) return response
  const said = errorAnswer.safeParse(
    await response
      .clone()
      .json()
      .catch(() => null),
  )
  return said.success && alreadyGone.has(said.data.error_description) ? new Response(null, { status: 200 }) : response
}

function json(body: unknown, cacheControl = 'no-store'): Response {
  return new Response(JSON.stringify(body), {
    headers: { 'content-type': 'application/json', 'cache-control': cacheControl },
  })
}
