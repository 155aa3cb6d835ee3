import { randomUUID } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import type { Auth } from './auth.ts'
import type { SigningKeys } from './signing-keys.ts'
import { refusalOf, type SiteVerified } from './site-tokens.ts'
import { clockToleranceSeconds, timeFault } from './token-times.ts'

/** What these tokens are for: with this audience none of them opens a socket, and no access token a channel. */
const subscriptionTokenAudience = 'carillon:subscription'

export interface SubscriptionTokensParts {
  readonly signingKeys: SigningKeys
  readonly clock: () => number
}

/** Subscription tokens of this server's own, for sites without code that signs any. */
export interface SubscriptionTokens {
  readonly issue: Auth['issueSubscriptionToken']
  verify(token: string): Promise<SiteVerified>
}

export function createSubscriptionTokens({ signingKeys, clock }: SubscriptionTokensParts): SubscriptionTokens {
  const { issuer } = signingKeys

  return {
    async issue({ userId, channel, info, lifetimeSeconds }) {
      const { kid, privateKey } = await signingKeys.current()
      const now = Math.floor(clock() / 1000)
      const token = await new SignJWT({ channel, ...(info !== null && { info: JSON.parse(info) }) })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(subscriptionTokenAudience)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .sign(privateKey)
      return { token, expiresIn: lifetimeSeconds }
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, signingKeys.find, {
          issuer,
          audience: subscriptionTokenAudience,
          algorithms: ['EdDSA'],
          requiredClaims: ['sub', 'exp', 'channel'],
          currentDate: new Date(clock()),
          clockTolerance: clockToleranceSeconds,
        })
        return timeFault(payload, clock() / 1000) ?? { ok: true, claims: payload }
      } catch (error) {
        if (error instanceof errors.JOSEError) return refusalOf(error, clock() / 1000)
        throw error
      }
    },
  }
}
