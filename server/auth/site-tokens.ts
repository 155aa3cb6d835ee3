import {
  createRemoteJWKSet,
  customFetch,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import type { SiteTokenSettings } from '#server/config/client.ts'
import type { RefusedToken, TokenFault } from './auth.ts'
import { createKeySetFetch } from './key-set-fetch.ts'
import { clockToleranceSeconds, timeFault } from './token-times.ts'

/** Checks tokens that the site's own backend signs, with the keys of the configuration and no others. */
export interface SiteTokens {
  /** Signature, audience, issuer and times. Rejects when the site's keys cannot be had, which is not the token's fault. */
  verify(token: string): Promise<SiteVerified>
}

export type SiteVerified = { readonly ok: true; readonly claims: JWTPayload } | RefusedToken<'expired' | 'invalid'>

/** A secret is only ever used with these, and a public key only with those: neither can stand for the other. */
const secretAlgorithms = ['HS256', 'HS384', 'HS512']
const publicAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** The site's keys are asked for again after so long, and sooner for an unknown one, but not more often than that. */
const keySetAge = { cacheMaxAge: 10 * 60_000, cooldownDuration: 30_000, timeoutDuration: 3_000 }

export function createSiteTokens(settings: SiteTokenSettings, clock: () => number): SiteTokens {
  const { jwks_public_endpoint: endpoint, audience, issuer } = settings
  const keySet =
    endpoint === undefined
      ? null
      : createRemoteJWKSet(new URL(endpoint), { ...keySetAge, [customFetch]: createKeySetFetch(clock) })

  return {
    async verify(token) {
      const alg = algorithmOf(token)
      try {
        if (secretAlgorithms.includes(alg)) return await withSecrets(token)
        if (keySet && publicAlgorithms.includes(alg))
          return accepted(await jwtVerify(token, keySet, terms(publicAlgorithms)))
        return { ok: false, reason: 'invalid', why: alg === '' ? 'malformed' : 'unknown key' }
      } catch (error) {
        if (faults.some((fault) => error instanceof fault)) return refusalOf(error, clock() / 1000)
        throw error
      }
    },
  }

  function accepted({ payload }: { readonly payload: JWTPayload }): SiteVerified {
    return timeFault(payload, clock() / 1000) ?? { ok: true, claims: payload }
  }

  async function withSecrets(token: string): Promise<SiteVerified> {
    let wrong: unknown
    for (const secret of secrets()) {
      try {
        return accepted(await jwtVerify(token, new TextEncoder().encode(secret), terms(secretAlgorithms)))
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
        wrong = error
      }
    }
    if (wrong === undefined) return { ok: false, reason: 'invalid', why: 'unknown key' }
    throw wrong
  }

  function secrets(): string[] {
    const { hmac_secret_key: now, hmac_previous_secret_key: before } = settings
    const until = settings.hmac_previous_secret_key_valid_until
    const isOver = until > 0 && until * 1000 <= clock()
    return [now, isOver ? undefined : before].filter((secret) => secret !== undefined)
  }

  function terms(algorithms: string[]): JWTVerifyOptions {
    return {
      algorithms,
      currentDate: new Date(clock()),
      clockTolerance: clockToleranceSeconds,
      ...(audience !== undefined && { audience }),
      ...(issuer !== undefined && { issuer }),
    }
  }
}

/** Faults of the token. What is missing here, such as keys that cannot be fetched, is a fault of ours or the site's. */
const faults = [
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
]

/** What is wrong with a token that jose refuses. `now` is in seconds since 1970. */
export function refusalOf(error: unknown, now: number): RefusedToken<'expired' | 'invalid'> {
  const isAboutTime = error instanceof errors.JWTExpired || isEarly(error)
  const fault = isAboutTime ? timeFault(error.payload, now) : null
  return fault ?? { ok: false, reason: 'invalid', why: whyOf(error) }
}

function whyOf(error: unknown): TokenFault {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad signature'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'unknown key'
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'malformed'
  if (error.claim === 'aud') return 'wrong audience'
  return error.claim === 'iss' ? 'wrong issuer' : 'claims'
}

/** Empty for what is no token. */
function algorithmOf(token: string): string {
  try {
    return decodeProtectedHeader(token).alg ?? ''
  } catch {
    return ''
  }
}

/** Not valid yet. */
function isEarly(error: unknown): error is errors.JWTClaimValidationFailed {
  return error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed'
}
