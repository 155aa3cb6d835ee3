import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { PinHash } from '#protocol/device-settings.ts'

/** 16 MiB and a tenth of a second on a small board, which counts wrong tries besides. */
const parameters = { cost: 16_384, blockSize: 8, parallelization: 1 }
const bytes = 32

/** What a device keeps of a PIN; the PIN itself is kept nowhere. */
export async function hashPin(pin: string): Promise<PinHash> {
  const salt = randomBytes(16)
  const hash = await derive(pin, salt, bytes, parameters)
  return { salt: salt.toString('base64url'), hash: hash.toString('base64url'), ...parameters }
}

const derive = promisify<string, Buffer, number, typeof parameters, Buffer>(scrypt)
