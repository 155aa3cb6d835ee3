import { scrypt, timingSafeEqual } from 'node:crypto'
import type { PinHash } from '#protocol/device-settings.ts'

/** More than this, in bytes, is not spent on one PIN: a kiosk has 1 GB, and its screen goes on beside. */
const mostMemory = 96 * 1024 * 1024

/** Whether these are the digits behind the hash. Throws for a hash that asks for more memory than there is. */
export async function isPin(digits: string, kept: PinHash): Promise<boolean> {
  const { cost: N, blockSize: r, parallelization: p } = kept
  const salt = Buffer.from(kept.salt, 'base64url')
  const expected = Buffer.from(kept.hash, 'base64url')
  if (128 * N * r * p > mostMemory) throw new Error('The PIN of this screen was made with too high a cost.')
  const found = await new Promise<Buffer>((resolve, reject) =>
    // The limit includes what scrypt uses beside its main block.
    scrypt(digits, salt, expected.length, { N, r, p, maxmem: 2 * mostMemory }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )
  return timingSafeEqual(found, expected)
}
