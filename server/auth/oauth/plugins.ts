import { oauthDeviceAuthorization, oauthProvider } from '@better-auth/oauth-provider'
import { APIError } from 'better-auth/api'
import { z } from 'zod'
import { oauthScopes } from '#protocol/oauth.ts'
import { randomToken } from '../random-token.ts'
import { randomUserCode } from '../user-code.ts'
import type { Grants } from './grants.ts'
import {
  accessTokenPrefix,
  clientSecretPrefix,
  deviceIntervalSeconds,
  lifetimes,
  refreshTokenPrefix,
} from './limits.ts'

export interface PluginsParts {
  readonly grants: Pick<Grants, 'isGranted'>
}

/**
 * OAuth as better-auth has it, with what is fixed here: nobody registers by himself, codes are bound to a verifier
 * (S256), and access tokens are random text that is looked up each time, since a JWT could not be taken back.
 */
export function oauthPlugins({ grants }: PluginsParts) {
  return [
    oauthProvider({
      loginPage: '/sign-in',
      consentPage: '/oauth/consent',
      scopes: [...oauthScopes],
      grantTypes: ['authorization_code', 'client_credentials', 'refresh_token'],
      // It signs what the pages are given for as long; a code itself lives shorter (`shortCode`).
      codeExpiresIn: lifetimes.decision,
      accessTokenExpiresIn: lifetimes.accessToken,
      m2mAccessTokenExpiresIn: lifetimes.accessToken,
      idTokenExpiresIn: lifetimes.idToken,
      refreshTokenExpiresIn: lifetimes.refreshToken,
      prefix: {
        opaqueAccessToken: accessTokenPrefix,
        refreshToken: refreshTokenPrefix,
        clientSecret: clientSecretPrefix,
      },
      generateOpaqueAccessToken: randomToken,
      generateRefreshToken: randomToken,
      storeClientSecret: 'hashed',
      storeTokens: 'hashed',
      allowDynamicClientRegistration: false,
      // Clients are registered by this room itself; better-auth's endpoints for it are not served either.
      clientPrivileges: async () => false,
      async customTokenResponseFields({ user, metadata }) {
        if (!user) return {}
        const client = clientMetadata.safeParse(metadata)
        const isGranted = client.success && (await grants.isGranted({ userId: user.id, ...client.data }))
        if (isGranted && user.banned !== true) return {}
        throw new APIError('BAD_REQUEST', { error: 'invalid_grant', error_description: 'the grant has ended' })
      },
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
    oauthDeviceAuthorization({
      expiresIn: `${lifetimes.deviceCode}s`,
      interval: `${deviceIntervalSeconds}s`,
      generateDeviceCode: () => randomToken(),
      generateUserCode: randomUserCode,
      verificationUri: '/device',
    }),
  ] as const
}

const clientMetadata = z.object({ clientId: z.string() })

/** A code is exchanged by a program, at once; the signed query beside it waits for a person. */
export function shortCode<T extends { value: string; createdAt: Date }>(verification: T): { expiresAt: Date } | null {
  if (!verification.value.includes('"type":"authorization_code"')) return null
  return { expiresAt: new Date(verification.createdAt.getTime() + lifetimes.code * 1000) }
}
