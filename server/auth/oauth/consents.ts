import { z } from 'zod'
import type { ConsentView } from '#protocol/oauth.ts'
import type { Audit } from '../audit.ts'
import type { Auth } from '../auth.ts'
import { AuthError } from '../auth-error.ts'
import { addressHeader, authPath, type BetterAuth } from '../better-auth.ts'
import type { Identity } from '../identity.ts'
import { requestOrigin } from '../origin.ts'
import { type Clients, clientParty } from './clients.ts'
import { meaningsOf, scopesOf } from './scopes.ts'
import { readSignedQuery } from './signed-query.ts'

/** What somebody decides on the consent page. */
export interface Consents {
  /** `query` is the page's own. Throws `bad_request` for one that was changed or has expired. */
  view(query: string): Promise<ConsentView>
  /** Answers where the browser goes next. `cookie` is the browser's, whose session it is that consents. */
  decide(decision: { query: string; accept: boolean; cookie: string }, by: Identity): Promise<{ url: string }>
}

export interface ConsentsParts {
  readonly betterAuth: BetterAuth
  readonly identify: Auth['identify']
  readonly clients: Pick<Clients, 'get'>
  readonly audit: Audit
  readonly baseUrl: string
  readonly secret: string
  readonly clock: () => number
}

export function createConsents(parts: ConsentsParts): Consents {
  const { betterAuth, clients, audit, baseUrl } = parts

  async function asked(query: string) {
    const refused = new URLSearchParams(query).get('error')
    if (refused !== null) throw new AuthError('bad_request', errorSentences[refused] ?? errorSentence)
    const signed = readSignedQuery(query, parts.secret, parts.clock())
    if (signed === null)
      throw new AuthError('bad_request', 'This page has expired. Go back to the service and begin again.')
    const client = await clients.get(signed.asked.get('client_id') ?? '')
    const scope = signed.asked.get('scope')
    return {
      client,
      scopes: scope === null ? client.scopes : scopesOf(scope),
      redirectUri: signed.asked.get('redirect_uri') ?? '',
    }
  }

  return {
    async view(query) {
      const { client, scopes, redirectUri } = await asked(query)
      return {
        client: { id: client.id, name: client.name, redirectHost: hostOf(redirectUri) },
        scopes: meaningsOf(scopes),
      }
    },
    async decide({ query, accept, cookie }, by) {
      const { client, scopes } = await asked(query)
      // better-auth goes by the cookie. Whoever says by another header that they are somebody else decides for nobody.
      const browser = await parts.identify(new Headers({ cookie }))
      if (browser?.identity.userId !== by.userId) {
        throw new AuthError('forbidden', 'Decide in the browser in which you have signed in.')
      }
      const response = await betterAuth.handler(
        new Request(`${baseUrl}${authPath}/oauth2/consent`, {
          method: 'POST',
          // The edge has seen that this comes from our own page.
          headers: {
            ...{ cookie, origin: baseUrl, 'content-type': 'application/json', accept: 'application/json' },
            [addressHeader]: requestOrigin().address,
          },
          body: JSON.stringify({ accept, oauth_query: query.replace(/^\?/, '') }),
        }),
      )
      const answer = decided.safeParse(await response.json().catch(() => null))
      if (!response.ok || !answer.success) {
        throw new AuthError('bad_request', 'This could not be decided. Go back to the service and begin again.')
      }
      await audit.record({
        action: 'oauth_consent',
        ...{ actor: by, target: clientParty(client.id, client.name), outcome: accept ? 'done' : 'refused' },
        details: { scopes: scopes.join(' ') },
      })
      return { url: answer.data.url }
    },
  }
}

const decided = z.object({ url: z.string() })

/** Of an app's own scheme, that scheme. */
function hostOf(uri: string): string {
  if (!URL.canParse(uri)) return ''
  const { host, protocol } = new URL(uri)
  return host || protocol.replace(/:$/, '')
}

const errorSentence = 'The service sent you here with a request that is not valid. Its operator has to correct it.'

/** What better-auth refuses without going back to the service, whose address it cannot trust then. */
const errorSentences: Readonly<Record<string, string>> = {
  invalid_client: 'No such service is registered here. Its operator has to register it first.',
  client_disabled: 'This service has been disabled here. Ask an administrator.',
  invalid_redirect: 'The service wants you back at an address that is not registered. Its operator has to correct it.',
  unauthorized_client: 'This service is not registered for people to sign in to.',
}
