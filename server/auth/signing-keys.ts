import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { resolveSigningKey } from 'better-auth/plugins'
import { createLocalJWKSet, errors, type JWK, type JWSHeaderParameters } from 'jose'
import { type BetterAuth, issuerOf } from './better-auth.ts'
import type { Database } from './database.ts'
import { ownHeader } from './own-token.ts'

/** The keys with which this server signs its own tokens, and knows them again. */
export interface SigningKeys {
  readonly issuer: string
  readonly current: ReturnType<typeof createSigningKey>
  readonly find: PublicKeys['find']
  readonly keyOf: PublicKeys['keyOf']
}

interface PublicKeys {
  readonly find: (header: JWSHeaderParameters) => ReturnType<ReturnType<typeof createLocalJWKSet>>
  /** The Ed25519 key of a protected header that is written as ours are; null as long as none is known. */
  readonly keyOf: (header: string) => KeyObject | null
}

export interface SigningKeysParts {
  readonly betterAuth: BetterAuth
  readonly database: Database
  readonly baseUrl: string
  readonly clock: () => number
}

/** How long the keys are used before the table is asked again: they change every 90 days, and end a while after that. */
const keysMs = 10 * 60_000

export function createSigningKeys(parts: SigningKeysParts): SigningKeys {
  const signingKey = createSigningKey(parts)
  const { find, keyOf } = createPublicKeys(parts)
  return {
    issuer: issuerOf(parts.baseUrl),
    async current() {
      const key = await signingKey()
      // What is signed from now on is known again at its first letters.
      if (keyOf(ownHeader(key.kid)) === null) await find({ kid: key.kid, alg: 'EdDSA' })
      return key
    },
    find,
    keyOf,
  }
}

function createSigningKey({ betterAuth, clock }: SigningKeysParts) {
  let current: { readonly key: ReturnType<typeof load>; readonly until: number } | undefined
  async function load() {
    // Of an endpoint's context only this part is used, and calling it this way spares an HTTP-shaped round trip.
    const context = { context: await betterAuth.$context } as Parameters<typeof resolveSigningKey>[0]
    const key = await resolveSigningKey(context, betterAuth.jwtOptions)
    if (key === null) throw new Error('better-auth has no signing key')
    return key
  }
  return () => {
    if (current === undefined || current.until <= clock()) {
      const key = load()
      current = { key, until: clock() + keysMs }
      key.catch(() => {
        current = undefined
      })
    }
    return current.key
  }
}

function createPublicKeys({ betterAuth, database, clock }: SigningKeysParts): PublicKeys {
  let set: ReturnType<typeof load> | undefined
  let until = 0
  let byHeader: ReadonlyMap<string, KeyObject> = new Map()
  async function load() {
    const { keys } = await betterAuth.api.getJwks()
    byHeader = new Map((keys as readonly JWK[]).flatMap(withHeader))
    return createLocalJWKSet({ keys: keys as JWK[] })
  }
  function read() {
    const reading = load()
    set = reading
    until = clock() + keysMs
    reading.catch(() => {
      if (set === reading) set = undefined
    })
    return reading
  }
  /** Made since the set was read, perhaps by another process. What nobody made is looked up in microseconds. */
  async function isNew(kid: string | undefined): Promise<boolean> {
    return kid !== undefined && (await database.get('select 1 from jwks where id = ?', kid)) !== undefined
  }
  const isOld = () => until <= clock()
  return {
    keyOf: (header) => (isOld() ? null : (byHeader.get(header) ?? null)),
    async find(header) {
      const find = await (set === undefined || isOld() ? read() : set)
      try {
        return await find(header)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(await isNew(header.kid))) throw error
        return await (await read())(header)
      }
    },
  }
}

/** A key that is good for nothing but verifying EdDSA, by the header of what it has signed. */
function withHeader(jwk: JWK): readonly (readonly [string, KeyObject])[] {
  const { kid, kty, crv, x, alg, use, key_ops } = jwk
  if (kid === undefined || kty !== 'OKP' || crv !== 'Ed25519' || (alg ?? 'EdDSA') !== 'EdDSA') return []
  if (x === undefined || use !== undefined || key_ops !== undefined) return []
  const key: JsonWebKey = { kty, crv, x }
  return [[ownHeader(kid), createPublicKey({ key, format: 'jwk' })]]
}
