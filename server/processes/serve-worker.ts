import type { Logger } from 'pino'
import type { Broker } from '#server/broker/broker.ts'
import type { Ephemeral } from '#server/store/ephemeral.ts'
import type { Peer } from './peer.ts'
import type { Switchboard } from './switchboard.ts'
import type { PrimaryVerbs, WorkerVerbs } from './verbs.ts'

export interface ServeWorkerOptions {
  readonly peer: Peer<WorkerVerbs, PrimaryVerbs>
  /** Its id among the nodes. */
  readonly node: string
  readonly broker: Broker
  readonly ephemeral: Ephemeral
  readonly switchboard: Switchboard
  /** Makes room for a worker that is about to listen. */
  readonly freePort: () => Promise<void>
  readonly log: Logger
}

/**
 * What one answer may bring to a worker, whoever asks there: a page that is shorter is one that goes on, or that nobody
 * can recover from.
 */
const maxHistoryBytes = 16 * 1024 * 1024

/** Gives one worker what the primary keeps for all of them, until the worker is gone: then its clients are, too. */
export function serveWorker(options: ServeWorkerOptions): Disposable {
  const { peer, node, broker, ephemeral, switchboard, freePort, log } = options
  const channels = new Set<string>()
  const present = new Map<string, Set<string>>()
  let leave: (() => void) | undefined

  // A worker that falls behind is not waited for: what it has missed its clients recover when it is told so.
  const stopListening = broker.listen({
    publication(channel, publication, epoch) {
      if (channels.has(channel)) peer.offer('publication', channel, publication, epoch)
    },
    announcement(channel, kind, info) {
      if (channels.has(channel)) peer.offer('announcement', channel, kind, info)
    },
    resumed: () => peer.note('resumed'),
  })
  peer.serve({
    publish: broker.publish,
    history: (channel, policy, query) => {
      const maxBytes = Math.min(query.maxBytes ?? maxHistoryBytes, maxHistoryBytes)
      return broker.history(channel, policy, { ...query, maxBytes })
    },
    removeHistory: broker.removeHistory,
    async subscribe(channel) {
      channels.add(channel)
      await broker.subscribe(channel)
    },
    unsubscribe: (channel) => void channels.delete(channel),
    announce: broker.announce,
    async addPresence(channel, info) {
      const clients = present.get(channel) ?? new Set()
      present.set(channel, clients.add(info.client))
      await broker.addPresence(channel, info)
    },
    async removePresence(channel, clientId) {
      const clients = present.get(channel)
      clients?.delete(clientId)
      if (clients?.size === 0) present.delete(channel)
      await broker.removePresence(channel, clientId)
    },
    presence: broker.presence,
    put: ephemeral.put,
    read: ephemeral.read,
    take: ephemeral.take,
    count: ephemeral.count,
    forget: ephemeral.forget,
    join() {
      leave ??= switchboard.join(node, peer)
      return freePort()
    },
    tell: (kind, json) => switchboard.tell(node, kind, json),
    askAll: switchboard.askAll,
    ask: switchboard.ask,
    nodes: switchboard.nodes,
  })

  return {
    [Symbol.dispose]() {
      leave?.()
      stopListening()
      for (const [channel, clients] of present) {
        for (const client of clients) {
          broker.removePresence(channel, client).catch((error: unknown) => {
            log.error({ err: error, channel }, 'presence of a worker that has ended was not removed')
          })
        }
      }
      present.clear()
    },
  }
}
