import type { SocketIdentity } from '#server/auth/identity.ts'
import type { RealtimeLimits } from './limits.ts'
import { createPinger, type Pinger } from './ping.ts'

/** Devices are pinged more often than people and services: nobody is there to notice that one has lost its network. */
export interface Pingers extends Disposable {
  of(identity: Pick<SocketIdentity, 'kind'>): Pinger
}

export function createPingers(
  limits: Pick<RealtimeLimits, 'pingMs' | 'pongMs' | 'devicePingMs' | 'devicePongMs'>,
): Pingers {
  const usual = createPinger(limits)
  const devices = createPinger({ pingMs: limits.devicePingMs, pongMs: limits.devicePongMs })
  return {
    of: ({ kind }) => (kind === 'device' ? devices : usual),
    [Symbol.dispose]() {
      usual[Symbol.dispose]()
      devices[Symbol.dispose]()
    },
  }
}
