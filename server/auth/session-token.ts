import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The form in which a session token leaves the server: `token.signature`, as better-auth signs its cookies. The table
 * holds the bare token, so that a copy of the database opens nothing.
 */
export function signSessionToken(token: string, secret: string): string {
  return `${token}.${signature(token, secret).toString('base64')}`
}

/** The bare token, or null when the signature is missing or not ours. */
export function verifySessionToken(presented: string, secret: string): string | null {
  const decoded = decode(presented)
  const dot = decoded.lastIndexOf('.')
  if (dot <= 0) return null
  const token = decoded.slice(0, dot)
  const given = Buffer.from(decoded.slice(dot + 1), 'base64')
  const ours = signature(token, secret)
  return given.length === ours.length && timingSafeEqual(given, ours) ? token : null
}

function signature(token: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(token).digest()
}

function decode(presented: string): string {
  if (!presented.includes('%')) return presented
  try {
    return decodeURIComponent(presented)
  } catch {
    return '' // no percent-encoding, hence nothing we have issued
  }
}
