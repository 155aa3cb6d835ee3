import { z } from 'zod'
import type { Audit } from '../audit.ts'
import type { Counters } from '../counters.ts'
import { hashToken } from '../random-token.ts'
import { showUserCode } from '../user-code.ts'
import { type Clients, clientParty } from './clients.ts'
import { type ClientForm, type Forward, readForm } from './form.ts'
import type { Grants } from './grants.ts'
import { holderParty, type IssuedTokens } from './issued.ts'
import { crossedRefreshMs, lifetimes } from './limits.ts'
import { oauthError } from './oauth-error.ts'

export interface TokenEndpointParts {
  readonly forward: Forward
  readonly clients: Pick<Clients, 'find'>
  readonly grants: Grants
  readonly issued: IssuedTokens
  readonly counters: Counters
  readonly audit: Audit
  readonly baseUrl: string
}

/** Where codes and refresh tokens become access tokens, once each. */
export function createTokenEndpoint(parts: TokenEndpointParts) {
  const { forward, clients, grants, issued, counters, audit, baseUrl } = parts

  /** Codes for which tokens are being made on this node. */
  const underWay = new Set<string>()

  /** Whoever comes with a code that is only just being answered is refused, and ends nothing by that. */
  async function exchangeOnce(form: ClientForm, address: string): Promise<Response> {
    const code = hashToken(form.fields.get('code') ?? '')
    if (underWay.has(code)) return oauthError('invalid_grant', codeUsed)
    underWay.add(code)
    try {
      return await finished(await exchangeCode(form, address), 'authorization_code')
    } finally {
      underWay.delete(code)
    }
  }

  async function exchangeCode(form: ClientForm, address: string): Promise<Response> {
    const code = form.fields.get('code') ?? ''
    const { count } = await counters.count(`oauth-code:${hashToken(code)}`, lifetimes.code * 1000)
    // Where there are any, the code has been used before; better-auth ends what came of it.
    const before = await issued.ofCode(code)
    // Of several at once on other nodes, it would end what the first is only just being given.
    if (count > 1 && before.length === 0) return oauthError('invalid_grant', codeUsed)
    const response = await forward('/oauth2/token', form, address)
    if (!response.ok && before.length > 0) {
      issued.tellEnded(before)
      await audit.record({
        action: 'oauth_grant',
        ...{ actor: await partyOf(form), outcome: 'refused' },
        details: { grant: 'authorization_code', why: 'the code was used twice' },
      })
    }
    return response
  }

  async function partyOf({ clientId }: ClientForm) {
    const client = clientId === null ? null : await clients.find(clientId)
    return client === null ? null : clientParty(client.id, client.name)
  }

  async function refresh(form: ClientForm, address: string): Promise<Response> {
    const presented = form.fields.get('refresh_token') ?? ''
    const key = `oauth-refresh:${hashToken(presented)}`
    // On all nodes one of several at a time: those that cross must not be taken for a theft.
    if ((await counters.count(key, crossedRefreshMs)).count > 1) {
      return oauthError('invalid_grant', 'This refresh token has just been used. Use the one that came in the answer.')
    }
    const row = await issued.refreshToken(presented)
    const isReused = row !== null && row.revoked !== null && row.clientId === form.clientId
    if (isReused && row.userId !== null) {
      await grants.end({ userId: row.userId, clientId: row.clientId })
      await audit.record({
        action: 'oauth_refresh_reuse',
        ...{ actor: clientParty(row.clientId, row.client), target: holderParty(row), outcome: 'refused' },
      })
      return oauthError('invalid_grant', 'This refresh token was used before. Everything it was for has ended.')
    }
    const response = await forward('/oauth2/token', form, address)
    if (!response.ok) await counters.forget(key)
    return response
  }

  /** better-auth's answer, with the errors that the standard has for it, and without what has ended meanwhile. */
  async function finished(response: Response, grant: string): Promise<Response> {
    if (!response.ok) return corrected(response)
    const token = tokenAnswer.parse(await response.clone().json()).access_token
    const [by, row] = [await grants.ofToken(token), await issued.accessToken(token)]
    if (by === null || row === null) return oauthError('invalid_grant', 'The grant has ended.')
    if (grant !== 'refresh_token') {
      const client = clientParty(row.clientId, row.client)
      const details = { grant, scopes: by.scopes.join(' ') }
      await audit.record({ action: 'oauth_grant', actor: holderParty(row) ?? client, target: client, details })
    }
    return response
  }

  return {
    async token(request: Request, address: string): Promise<Response> {
      const form = await readForm(request)
      if (form instanceof Response) return form
      const grant = form.fields.get('grant_type') ?? ''
      if (grant === 'authorization_code') return exchangeOnce(form, address)
      if (grant === 'refresh_token') return finished(await refresh(form, address), grant)
      return finished(await forward('/oauth2/token', form, address), grant)
    },

    /** better-auth would take anybody's word for whom a code is meant. */
    async deviceAuthorization(request: Request, address: string): Promise<Response> {
      const form = await readForm(request)
      if (form instanceof Response) return form
      form.fields.delete('user_id')
      if (!form.fields.get('scope')) {
        const client = await clients.find(form.clientId ?? '')
        if (client !== null) form.fields.set('scope', client.scopes.join(' '))
      }
      const response = await forward('/device/code', form, address)
      return response.ok ? Response.json(shown(deviceAnswer.parse(await response.json()), baseUrl)) : response
    },
  }
}

const codeUsed = 'This code has been used.'

const deviceAnswer = z.looseObject({ user_code: z.string() })

/** The code as people read it, and where they type it. */
function shown(answer: z.infer<typeof deviceAnswer>, baseUrl: string) {
  const code = showUserCode(answer.user_code)
  const page = `${baseUrl}/device`
  return { ...answer, user_code: code, verification_uri: page, verification_uri_complete: `${page}?code=${code}` }
}

const tokenAnswer = z.object({ access_token: z.string() })
const errorAnswer = z.object({ error: z.string(), error_description: z.string().default('') })

/** What RFC 6749 and RFC 7636 call invalid_grant, and better-auth otherwise. */
const grantFaults: ReadonlySet<string> = new Set([
  'code verification failed',
  'session no longer exists',
  'user not found',
  'missing user, user may have been deleted',
])

async function corrected(response: Response): Promise<Response> {
  const said = errorAnswer.safeParse(
    await response
      .clone()
      .json()
      .catch(() => null),
  )
  if (!said.success || !grantFaults.has(said.data.error_description)) return response
  return oauthError('invalid_grant', said.data.error_description)
}
