import type { Broker, BrokerListener } from '#server/broker/broker.ts'
import { BrokerError, type BrokerErrorCode, mayBePublished } from '#server/broker/broker-error.ts'
import { type Peer, PeerError } from './peer.ts'
import type { PrimaryVerbs, WorkerVerbs } from './verbs.ts'

/** The broker of the primary, as a worker sees it. */
export function createRemoteBroker(peer: Peer<PrimaryVerbs, WorkerVerbs>): Broker {
  const listeners = new Set<BrokerListener>()
  peer.serve({
    publication: (channel, publication, epoch) => {
      for (const listener of listeners) listener.publication(channel, publication, epoch)
    },
    announcement: (channel, kind, info) => {
      for (const listener of listeners) listener.announcement(channel, kind, info)
    },
    resumed: () => {
      for (const listener of listeners) listener.resumed()
    },
  })
  const call: typeof peer.call = (name, args) => peer.call(name, args).catch(rethrow)

  return {
    publish: (channel, policy, publication) =>
      peer.call('publish', [channel, policy, publication]).catch((error: unknown) => {
        if (!(error instanceof PeerError) || error.code !== 'timeout') return rethrow(error)
        throw new BrokerError('unavailable', `The main process does not answer in time. ${mayBePublished}`, {
          cause: error,
        })
      }),
    history: (channel, policy, query) => call('history', [channel, policy, query]),
    removeHistory: (channel) => call('removeHistory', [channel]),
    subscribe: (channel) => call('subscribe', [channel]),
    unsubscribe: (channel) => peer.note('unsubscribe', channel),
    announce: (channel, kind, info) => call('announce', [channel, kind, info]),
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    addPresence: (channel, info) => call('addPresence', [channel, info]),
    removePresence: (channel, clientId) => call('removePresence', [channel, clientId]),
    presence: (channel) => call('presence', [channel]),
    async [Symbol.asyncDispose]() {
      listeners.clear()
    },
  }
}

const codes = { full: 'full', timeout: 'unavailable', closed: 'closed' } as const satisfies Record<
  PeerError['code'],
  BrokerErrorCode
>

function rethrow(error: unknown): never {
  if (error instanceof PeerError) throw new BrokerError(codes[error.code], error.message, { cause: error })
  throw error
}
