import type { KeyView } from '#protocol/keys.ts'

/** Whether a key opens nothing any more. It stays on the list until it is removed. */
export function hasExpired({ expiresAt }: Pick<KeyView, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now
}

/** What can be done to a key: of one that has expired there is nothing to revoke. */
export function verbFor(key: Pick<KeyView, 'expiresAt'>, now: number): 'Revoke' | 'Remove' {
  return hasExpired(key, now) ? 'Remove' : 'Revoke'
}
