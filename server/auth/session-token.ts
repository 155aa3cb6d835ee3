import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The form in which a session token leaves the server: `token.signature`, as better-auth signs its cookies. The table
 * holds the bare token, so that a copy of the database opens nothing.
 */
export function signSessionToken(token: string, secret: string): string {
  return `${token}.${signature(token, secret)}`
}

/** The bare token, or null when the signature is missing or not ours. */
export function verifySessionToken(presented: string, secret: string): string | null {
  const decoded = decode(presented)
  const dot = decoded.lastIndexOf('.')
  if (dot <= 0) return null
  const token = decoded.slice(0, dot)
  // Letter by letter: the same bytes can be written in several ways, and one of them is ours.
  const given = Buffer.from(decoded.slice(dot + 1))
  const ours = Buffer.from(signature(token, secret))
  return given.length === ours.length && timingSafeEqual(given, ours) ? token : null
}

function signature(token: string, secret: string): string {
  return createHmac('sha256', secret).update(token).digest('base64')
}

function decode(presented: string): string {
  if (!presented.includes('%')) return presented
  try {
    return decodeURIComponent(presented)
  } catch {
    return '' // no percent-encoding, hence nothing we have issued
  }
}
