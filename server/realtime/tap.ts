import type { Client, Ending } from './client.ts'
import { redact } from './redact.ts'
import { textsOf } from './text-frame.ts'

/** Whose frames are watched. */
export type WatchTarget =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'user'; readonly id: string }

/** One message that a client sent (`in`) or was sent (`out`), secrets left out. */
export interface SeenFrame {
  readonly client: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly direction: 'in' | 'out'
  readonly text: string
}

/** That a watched client is no more, and why. */
export interface SeenEnding extends Ending {
  readonly client: string
  /** Milliseconds since 1970. */
  readonly time: number
}

export interface Seen {
  /** How many of this node's clients are watched. */
  readonly clients: number
  readonly frames: readonly SeenFrame[]
  readonly endings: readonly SeenEnding[]
  /** What came too fast to be kept. */
  readonly dropped: number
}

/**
 * Copies of what clients of this node send and are sent, made only while somebody asks for them. A watch begins with the
 * first question and ends when there has been none for a while, so that nobody has to be told that the watcher has gone.
 */
export interface Taps extends Disposable {
  /** What has been seen since the last question of this watch. Null when too many are watched already. */
  poll(watch: string, target: WatchTarget): Seen | null
  end(watch: string): void
  /** A client has been let in. */
  appeared(client: Client): void
  /** It has gone. */
  ended(client: Client): void
}

export type Tap = (direction: 'in' | 'out', message: string | Buffer | readonly Buffer[]) => void

export interface TapsOptions {
  readonly clientOf: (id: string) => Client | undefined
  readonly clientsOf: (userId: string) => readonly Client[]
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** What is kept of each kind between two questions, and how many watches there are at a time. */
const maxFrames = 200
const maxWatches = 200
/** Without a question for so long a watch ends. */
const leaseMs = 10_000

interface Watch {
  readonly target: WatchTarget
  readonly clients: Set<Client>
  frames: SeenFrame[]
  endings: SeenEnding[]
  dropped: number
  lease: NodeJS.Timeout
}

export function createTaps({ clientOf, clientsOf, clock }: TapsOptions): Taps {
  const watches = new Map<string, Watch>()

  return {
    poll(id, target) {
      const watch = watches.get(id) ?? begin(id, target)
      if (!watch) return null
      watch.lease.refresh()
      for (const client of watch.clients) if (client.isReleased) watch.clients.delete(client)
      const { frames, endings, dropped } = watch
      watch.frames = []
      watch.endings = []
      watch.dropped = 0
      return { clients: watch.clients.size, frames, endings, dropped }
    },
    end,
    appeared(client) {
      for (const watch of watches.values()) {
        const { kind, id } = watch.target
        if (id === (kind === 'user' ? client.identity.userId : client.id)) attach(watch, client)
      }
    },
    ended(client) {
      // Nobody watches it.
      if (client.outbox.tap === null) return
      const ending = { client: client.id, time: clock(), ...client.ending }
      for (const { clients, endings } of watches.values()) {
        if (clients.has(client) && endings.length < maxFrames) endings.push(ending)
      }
    },
    [Symbol.dispose]() {
      for (const id of [...watches.keys()]) end(id)
    },
  }

  function begin(id: string, target: WatchTarget): Watch | null {
    if (watches.size >= maxWatches) return null
    const lease = setTimeout(() => end(id), leaseMs).unref()
    const watch: Watch = { target, clients: new Set(), frames: [], endings: [], dropped: 0, lease }
    watches.set(id, watch)
    const one = target.kind === 'client' ? clientOf(target.id) : undefined
    const clients = target.kind === 'user' ? clientsOf(target.id) : one ? [one] : []
    for (const client of clients) attach(watch, client)
    return watch
  }

  function end(id: string): void {
    const watch = watches.get(id)
    if (!watch) return
    clearTimeout(watch.lease)
    watches.delete(id)
    for (const client of watch.clients) tap(client)
  }

  function attach(watch: Watch, client: Client): void {
    watch.clients.add(client)
    tap(client)
  }

  /** Sees to it that this client is copied for those who watch it, and for nobody when nobody does. */
  function tap(client: Client): void {
    const watching = [...watches.values()].filter(({ clients }) => clients.has(client))
    client.outbox.tap = watching.length === 0 ? null : (direction, message) => see(watching, client, direction, message)
  }

  function see(
    watching: readonly Watch[],
    { id: client }: Client,
    direction: 'in' | 'out',
    message: Parameters<Tap>[1],
  ) {
    const lines =
      typeof message === 'string' ? [message] : textsOf(Buffer.isBuffer(message) ? message : Buffer.concat(message))
    for (const watch of watching) {
      const room = maxFrames - watch.frames.length
      // Looking into what is not kept would be work for nothing.
      watch.dropped += Math.max(0, lines.length - room)
      for (const line of lines.slice(0, room)) {
        watch.frames.push({ client, time: clock(), direction, text: redact(line) })
      }
    }
  }
}
