import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { clientView } from '#protocol/clients.ts'
import type { Answers, Bus } from '#server/broker/bus.ts'
import type { Client } from './client.ts'
import type { Registry } from './registry.ts'
import type { Seen, SeenFrame, Taps, WatchTarget } from './tap.ts'

/** The clients of all nodes, for those who look after them. */
export interface ClientDirectory {
  /** Longest connected first. */
  list(query: ClientQuery): Promise<ClientPage>
  find(id: string): Promise<ClientDetail | null>
  /** What the target sends and is sent from now on, a few times a second, until the signal is aborted. */
  watch(target: WatchTarget, signal: AbortSignal): AsyncGenerator<Seen>
}

export interface ClientQuery {
  /** Part of a user's id or name, an address or a client's id. */
  readonly search?: string
  readonly limit: number
  /** Only those that come after this one. */
  readonly after?: { readonly since: number; readonly id: string }
}

export interface ClientPage {
  readonly clients: readonly ClientSummary[]
  readonly isLast: boolean
}

export type ClientSummary = z.infer<typeof summary>

const summary = clientView.extend({
  node: z.string(),
  /** Milliseconds since 1970. */
  since: z.number(),
})

export type ClientDetail = z.infer<typeof detail>

/** The first of the channels it is subscribed to: there may be thousands. */
const detail = summary.extend({ channelNames: z.array(z.string()) })
const maxChannelNames = 100

/** Between two questions of a watch. */
const pollMs = 300
/** So many of them go only to the nodes where somebody is watched; the next goes to all, because others may have come. */
const roundsBetweenAll = 10

export interface ClientDirectoryOptions {
  readonly bus: Bus
  readonly registry: Pick<Registry, 'clients' | 'clientOf'>
  readonly taps: Taps
}

export function createClientDirectory({ bus, registry, taps }: ClientDirectoryOptions): ClientDirectory & Disposable {
  const removals = [
    bus.handle('clients.list', (query) => listHere(queryMessage.parse(query))),
    bus.handle('clients.find', (id) => {
      const client = registry.clientOf(z.string().parse(id))
      return client ? detailOf(client) : null
    }),
    bus.handle(watchKind, (message) => {
      const { watch, target } = watchMessage.parse(message)
      return taps.poll(watch, target)
    }),
    bus.handle('clients.unwatch', (watch) => taps.end(z.string().parse(watch))),
  ]

  return {
    async list(query) {
      const { answers } = await bus.askAll('clients.list', query)
      const all = [...answers.values()].flatMap((answer) => z.array(summary).safeParse(answer).data ?? [])
      const clients = all.sort((a, b) => (comesAfter(a, b) ? 1 : -1)).slice(0, query.limit)
      return { clients, isLast: all.length <= query.limit }
    },
    async find(id) {
      const { answers } = await bus.askAll('clients.find', id)
      return [...answers.values()].map((answer) => detail.safeParse(answer).data).find((found) => found) ?? null
    },
    async *watch(target, signal) {
      const watch = randomUUID()
      let nodes: readonly string[] = []
      let clients = 0
      try {
        for (let round = 0; !signal.aborted; round++) {
          const asksAll = round % roundsBetweenAll === 0
          const { answers, silent } = await askWatched(asksAll ? null : nodes, { watch, target })
          const now = together([...answers.values()])
          // Who did not answer in time has its clients still, as far as anybody knows.
          clients = silent ? Math.max(clients, now.clients) : now.clients
          if (asksAll) nodes = [...answers].filter(([, answer]) => answer.clients > 0).map(([node]) => node)
          yield { ...now, clients }
          await pause(signal)
        }
      } finally {
        await bus.tell('clients.unwatch', watch).catch(() => {
          // Nobody asks any more, so it ends by itself.
        })
      }
    },
    [Symbol.dispose]() {
      for (const remove of removals) remove()
      taps[Symbol.dispose]()
    },
  }

  /** The nodes that were heard from, and whether some were not. Null asks all. */
  async function askWatched(nodes: readonly string[] | null, message: z.infer<typeof watchMessage>) {
    const asked = nodes === null ? await bus.askAll(watchKind, message) : await askSome(nodes, message)
    const answers = new Map<string, Seen>()
    for (const [node, answer] of asked.answers) {
      const parsed = seen.safeParse(answer)
      if (parsed.success) answers.set(node, parsed.data)
    }
    return { answers, silent: asked.silent.length > 0 }
  }

  async function askSome(nodes: readonly string[], message: z.infer<typeof watchMessage>): Promise<Answers> {
    const answers = new Map<string, unknown>()
    const silent: string[] = []
    await Promise.all(
      nodes.map(async (node) => {
        const heard = await bus.ask(node, watchKind, message)
        if (heard) answers.set(node, heard.answer)
        else silent.push(node)
      }),
    )
    return { answers, silent }
  }

  /** One more than asked for: then there are further ones. */
  function listHere({ search = '', limit, after }: z.infer<typeof queryMessage>): ClientSummary[] {
    const found: ClientSummary[] = []
    const wanted = search.toLowerCase()
    for (const client of registry.clients()) {
      if (after && !comesAfter({ since: client.since, id: client.id }, after)) continue
      // Those of one millisecond stay together: in what order a page ends within them only their ids say.
      if (found.length > limit && client.since !== found.at(-1)?.since) break
      if (isFound(client, wanted)) found.push(summaryOf(client))
    }
    return found
  }

  function detailOf(client: Client): ClientDetail {
    return { ...summaryOf(client), channelNames: [...client.subscriptions.keys()].slice(0, maxChannelNames) }
  }

  function summaryOf({ id, identity, transport, address, since, subscriptions, outbox }: Client): ClientSummary {
    const { userId, name, kind } = identity
    const { waitingBytes } = outbox
    const channels = subscriptions.size
    return {
      id,
      node: bus.node,
      user: userId,
      name,
      kind,
      role: 'role' in identity ? identity.role : null,
      transport,
      address,
      since,
      channels,
      queueBytes: waitingBytes,
    }
  }
}

const watchKind = 'clients.watch'

const target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('client'), id: z.string() }),
  z.object({ kind: z.literal('user'), id: z.string() }),
])
const queryMessage = z.object({
  search: z.string().optional(),
  limit: z.int().min(1).max(1_000),
  after: z.object({ since: z.number(), id: z.string() }).optional(),
})
const watchMessage = z.object({ watch: z.string(), target })
const seen = z.object({
  clients: z.number(),
  frames: z.array(
    z.object({ client: z.string(), time: z.number(), direction: z.enum(['in', 'out']), text: z.string() }),
  ),
  endings: z.array(
    z.object({
      client: z.string(),
      time: z.number(),
      by: z.enum(['server', 'client']),
      code: z.number(),
      reason: z.string(),
    }),
  ),
  dropped: z.number(),
})

function isFound({ id, identity, address }: Client, wanted: string): boolean {
  if (wanted === '') return true
  return [identity.name, identity.userId, address, id].some((text) => text.toLowerCase().includes(wanted))
}

/** Those of the same millisecond are told apart by their ids. */
function comesAfter(
  a: { readonly since: number; readonly id: string },
  b: { readonly since: number; readonly id: string },
): boolean {
  return a.since > b.since || (a.since === b.since && a.id > b.id)
}

function together(all: readonly Seen[]): Seen {
  const frames: SeenFrame[] = all.flatMap((each) => each.frames)
  return {
    clients: all.reduce((sum, { clients }) => sum + clients, 0),
    // Those of one node are in order already, and stay so.
    frames: all.length > 1 ? frames.sort((a, b) => a.time - b.time) : frames,
    endings: all.flatMap((each) => each.endings),
    dropped: all.reduce((sum, { dropped }) => sum + dropped, 0),
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, pollMs)
    signal.addEventListener('abort', done)
  })
}
