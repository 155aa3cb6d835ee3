import { addressKey } from '#server/auth/rate-limit.ts'

/**
 * What an address counts as where so much is allowed to one; null for one that is not counted. An IPv6 site owns a whole
 * /64 and counts as one. Loopback is not counted: behind a proxy on this machine that nobody has configured, it is
 * everybody.
 */
export function countedAddress(address: string): string | null {
  return address === '::1' || /^(::ffff:)?127\./.test(address) ? null : addressKey(address)
}
