import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The query that the sign-in and consent pages are given: what was asked for at the authorization endpoint, signed by
 * better-auth. Here it is read; better-auth looks at it once more where it counts.
 */
export interface SignedQuery {
  /** What was asked for. */
  readonly asked: URLSearchParams
  /** When the browser was sent to the page. Milliseconds since 1970. */
  readonly issuedAt: number
}

/** Null when it was changed, or has expired. */
export function readSignedQuery(query: string, secret: string, now: number): SignedQuery | null {
  const given = new URLSearchParams(query)
  const signatures = given.getAll('sig')
  given.delete('sig')
  const signed = new URLSearchParams([...given].sort(([a, x], [b, y]) => compare(a, b) || compare(x, y)))
  const ours = createHmac('sha256', secret).update(signed.toString()).digest()
  const theirs = Buffer.from(signatures[0] ?? '', 'base64')
  if (signatures.length !== 1 || theirs.length !== ours.length || !timingSafeEqual(theirs, ours)) return null
  if (Number(given.get('exp')) * 1000 <= now) return null
  return { asked: withoutSignature(given), issuedAt: Number(given.get('ba_iat')) }
}

/** What was asked for, whether or not the signature holds. */
export function withoutSignature(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => !signatureParameters.has(name)))
}

const signatureParameters: ReadonlySet<string> = new Set(['sig', 'exp', 'ba_iat', 'ba_pl', 'ba_param'])

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
