import { hash, randomBytes } from 'node:crypto'

/** 256 random bits as base64url behind a prefix that says what they open. */
export function randomToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url')
}

/** How a random token is stored. It cannot be guessed, so a plain hash without salt or stretching is enough. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url')
}
