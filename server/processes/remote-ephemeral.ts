import { type Ephemeral, EphemeralError } from '#server/store/ephemeral.ts'
import { type Peer, PeerError } from './peer.ts'
import type { PrimaryVerbs, WorkerVerbs } from './verbs.ts'

/** The short-lived values of the primary, as a worker sees them. */
export function createRemoteEphemeral(peer: Peer<PrimaryVerbs, WorkerVerbs>): Ephemeral {
  const call: typeof peer.call = (name, args) => peer.call(name, args).catch(rethrow)
  return {
    isShared: true,
    put: (key, value, lifetimeMs) => call('put', [key, value, lifetimeMs]),
    read: (key) => call('read', [key]),
    take: (key) => call('take', [key]),
    count: (key, windowMs) => call('count', [key, windowMs]),
    forget: (key) => call('forget', [key]),
    async [Symbol.asyncDispose]() {},
  }
}

function rethrow(error: unknown): never {
  if (!(error instanceof PeerError)) throw error
  throw new EphemeralError(error.code === 'full' ? 'full' : 'unavailable', error.message, { cause: error })
}
