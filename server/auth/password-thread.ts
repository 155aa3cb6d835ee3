import { scryptSync } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'

/**
 * Works on passwords in a thread of its own. Not in libuv's pool: on Linux this thread can be told to stand back, so that
 * however many people sign in, those who are connected do not wait for it.
 */
if (process.platform === 'linux') setPriority(0, 10)

/** As better-auth has them: some 32 MiB and a quarter of a second of one core. */
const parameters = { N: 16_384, r: 16, p: 1, maxmem: 64 * 1024 * 1024 }
const keyBytes = 64

export interface HashOrder {
  readonly password: string
  readonly salt: string
}

parentPort?.on('message', ({ password, salt }: HashOrder) => {
  parentPort?.postMessage(scryptSync(password.normalize('NFKC'), salt, keyBytes, parameters).toString('hex'))
})
