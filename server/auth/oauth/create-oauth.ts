import { AuthError } from '../auth-error.ts'
import { issuerOf } from '../better-auth.ts'
import { createRateLimit } from '../rate-limit.ts'
import { type ClientsParts, clientParty, createClients } from './clients.ts'
import { type ConsentsParts, createConsents } from './consents.ts'
import { createDeviceGrants } from './device-grants.ts'
import { createOAuthEndpoints, type EndpointsParts } from './endpoints.ts'
import { createIssuedTokens } from './issued.ts'
import { metadataOf } from './metadata.ts'
import type { OAuth } from './oauth.ts'

export type OAuthParts = Omit<ConsentsParts, 'clients'> & Omit<EndpointsParts, 'clients' | 'issued'> & ClientsParts

/** Codes that one person tries per minute: they are as long as those of enrolment. */
const looksPerMinute = 60

export function createOAuth(parts: OAuthParts): {
  readonly public: OAuth
  readonly endpoints: ReturnType<typeof createOAuthEndpoints>
} {
  const { grants, audit, counters } = parts
  const clients = createClients(parts)
  const looks = createRateLimit('oauth-looks', looksPerMinute, counters)
  return {
    public: {
      clients,
      consents: createConsents({ ...parts, clients }),
      deviceGrants: createDeviceGrants({ ...parts, looks }),
      grants: {
        list: grants.list,
        async end(clientId, by) {
          const grant = (await grants.list(by.userId)).find((each) => each.clientId === clientId)
          if (grant === undefined) {
            throw new AuthError(
              'not_found',
              'You have not let this service do anything. List your grants to see which.',
            )
          }
          await grants.end({ userId: by.userId, clientId })
          await audit.record({ action: 'oauth_revoke', actor: by, target: clientParty(clientId, grant.name) })
        },
      },
      metadata: metadataOf(issuerOf(parts.baseUrl)),
    },
    endpoints: createOAuthEndpoints({ ...parts, clients, issued: createIssuedTokens(parts) }),
  }
}
