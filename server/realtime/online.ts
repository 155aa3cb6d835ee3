import type { Logger } from 'pino'
import { z } from 'zod'
import type { Bus } from '#server/broker/bus.ts'
import type { Ephemeral } from '#server/store/ephemeral.ts'
import type { Registry } from './registry.ts'

/** Somebody who is connected. */
const person = z.object({
  user: z.string(),
  name: z.string(),
  device: z.object({ id: z.string(), name: z.string() }).nullable(),
})
export type Person = z.infer<typeof person>

/**
 * Who is connected to any node. Each node tells the others of its users, a user who leaves only after a while in which
 * none of the user's connections came back; so each knows of all, and what a node knew when it died is known to the rest.
 */
export interface Online extends AsyncDisposable {
  /** Whether the user has a connection to this node now, or had one to another a moment ago. */
  isOnline(userId: string): boolean
}

export interface OnlineOptions {
  readonly bus: Bus
  /** In which nodes agree on who tells of something that several have noticed. */
  readonly ephemeral: Pick<Ephemeral, 'count'>
  readonly registry: Pick<Registry, 'onPresence' | 'isOnline'>
  readonly log: Logger
  readonly clock: () => number
  /** How long a user may be away without being offline, in milliseconds. */
  readonly offlineMs: number
  /** Told once in the installation; twice when nodes hear of each other late. */
  readonly onChange: (change: 'online' | 'offline', person: Person, time: number) => void
}

const change = z.union([z.object({ came: person }), z.object({ left: z.string() })])
type Change = z.infer<typeof change>
const origin = z.object({ node: z.string() })
const changesMessage = origin.extend({ changes: z.array(change) })

const changesKind = 'online changes'
const listKind = 'online list'
/** What changes within so long is told together, a bounded number in one message. */
const gatherMs = 50
const maxChangesATell = 500
/** How often it is looked for nodes that came or went. */
const lookMs = 5_000
/** Another node's news of the same user may be on its way for so long. */
const crossingMs = 60_000

export function createOnline(options: OnlineOptions): Online {
  const { bus, ephemeral, registry, log, clock, offlineMs, onChange } = options
  /** The users of this node; `leaving` while it is waited whether one comes back. */
  const here = new Map<string, { readonly person: Person; leaving: NodeJS.Timeout | null; leftAt: number }>()
  const others = new Map<string, OtherNode>()
  /** Nodes that were given up; whoever is on one that turns up again has come back. */
  const givenUp = new Set<string>()
  /** Users who left this node for good lately: the node that had them too may not have known, and then nobody told. */
  const lately = new Map<string, { readonly person: Person; readonly leftAt: number; readonly until: number }>()
  let untold: Change[] = []
  let telling: NodeJS.Timeout | undefined

  const stops = [
    registry.onPresence(({ identity, online }) => {
      const { userId: user, name } = identity
      if (user === '') return
      if (online) came({ user, name, device: identity.kind === 'device' ? identity.device : null })
      else wentAway(user)
    }),
    bus.handle(changesKind, (payload) => {
      // What this node told itself need not be looked at.
      if (origin.parse(payload).node === bus.node) return null
      const { node, changes } = changesMessage.parse(payload)
      heard(node, changes)
      return null
    }),
    bus.handle(listKind, () => [...here.values()].map((entry) => entry.person)),
  ]
  const looks = setInterval(() => void look(), lookMs).unref()
  void look()
  // The others meet this node now and not at their next look.
  tell([])

  return {
    isOnline: (user) => registry.isOnline(user) || isElsewhere(user),
    async [Symbol.asyncDispose]() {
      clearInterval(looks)
      for (const stop of stops) stop()
      const left: Promise<void>[] = []
      for (const [user, { leaving }] of here) {
        if (leaving) clearTimeout(leaving)
        // Those of a node among several come back to another; those of the only one are gone.
        if (others.size === 0) left.push(gone(user))
      }
      for (const { missing } of others.values()) clearTimeout(missing)
      await Promise.all(left)
      clearTimeout(telling)
    },
  }

  function came(who: Person): void {
    const known = here.get(who.user)
    if (known) {
      if (known.leaving) clearTimeout(known.leaving)
      known.leaving = null
      return
    }
    here.set(who.user, { person: who, leaving: null, leftAt: 0 })
    lately.delete(who.user)
    tellOthers({ came: who })
    if (!isElsewhere(who.user)) void noticed('online', who, clock())
  }

  function wentAway(user: string): void {
    const entry = here.get(user)
    if (!entry) return
    entry.leftAt = clock()
    entry.leaving = setTimeout(() => void gone(user), offlineMs)
    entry.leaving.unref()
  }

  async function gone(user: string): Promise<void> {
    const entry = here.get(user)
    if (!entry) return
    here.delete(user)
    forgetOld()
    lately.set(user, { person: entry.person, leftAt: entry.leftAt, until: clock() + crossingMs })
    tellOthers({ left: user })
    if (!isElsewhere(user)) await noticed('offline', entry.person, entry.leftAt || clock())
  }

  function heard(node: string, changes: readonly Change[]): void {
    const known = others.get(node)
    if (!known) {
      void meet(node)
      return
    }
    if (known.meanwhile) known.meanwhile.push(...changes)
    else for (const each of changes) apply(known, each)
  }

  function apply({ users }: OtherNode, each: Change): void {
    if ('came' in each) {
      users.set(each.came.user, each.came)
      return
    }
    users.delete(each.left)
    const crossed = lately.get(each.left)
    if (crossed && crossed.until > clock() && !isAnywhere(each.left)) {
      void noticed('offline', crossed.person, crossed.leftAt)
    }
  }

  /** Nodes that are new are asked whom they have; those that are missing for a while are given up. */
  async function look(): Promise<void> {
    // Only those can be missing that were known when it was asked.
    const known = [...others]
    let alive: ReadonlySet<string>
    try {
      alive = new Set(await bus.nodes())
    } catch (error) {
      // Nobody is given up because this node cannot see.
      log.warn({ err: error }, 'the other nodes cannot be seen')
      return
    }
    for (const node of alive) if (node !== bus.node && !others.has(node)) await meet(node)
    for (const [node, other] of known) {
      if (alive.has(node)) {
        clearTimeout(other.missing)
        other.missing = undefined
      } else if (others.get(node) === other) {
        other.missing ??= setTimeout(() => void giveUp(node, other), offlineMs).unref()
      }
    }
  }

  async function meet(node: string): Promise<void> {
    const other: OtherNode = { users: new Map(), meanwhile: [], missing: undefined }
    others.set(node, other)
    const heard = await bus.ask(node, listKind, null).catch(() => null)
    const list = z.array(person).safeParse(heard?.answer)
    if (!list.success) {
      // It is met at the next look.
      if (others.get(node) === other) others.delete(node)
      return
    }
    const isBack = givenUp.delete(node)
    for (const each of list.data) {
      const isNews = isBack && !isAnywhere(each.user)
      other.users.set(each.user, each)
      if (isNews) void noticed('online', each, clock())
    }
    const { meanwhile } = other
    other.meanwhile = null
    for (const each of meanwhile ?? []) apply(other, each)
  }

  async function giveUp(node: string, other: OtherNode): Promise<void> {
    // It may have come back since it was last looked for.
    const alive = await bus.nodes().catch(() => null)
    other.missing = undefined
    if (alive === null || alive.includes(node) || others.get(node) !== other) return
    others.delete(node)
    givenUp.add(node)
    const [oldest] = givenUp
    if (givenUp.size > 100 && oldest !== undefined) givenUp.delete(oldest)
    log.warn({ node, users: other.users.size }, 'a node has gone')
    for (const each of other.users.values()) {
      if (!isAnywhere(each.user)) void noticed('offline', each, clock(), node)
    }
  }

  /** Several nodes may notice the same: the first to claim it tells. */
  async function noticed(what: 'online' | 'offline', who: Person, time: number, node = ''): Promise<void> {
    if (others.size === 0 || (await claims(`${what} ${who.user} ${node}`, node === '' ? offlineMs : crossingMs))) {
      onChange(what, who, time)
    }
  }

  async function claims(key: string, windowMs: number): Promise<boolean> {
    try {
      return (await ephemeral.count(key, Math.max(1, windowMs))).count === 1
    } catch (error) {
      log.warn({ err: error, key }, 'other nodes may tell the same')
      return true
    }
  }

  function tellOthers(news: Change): void {
    untold.push(news)
    telling ??= setTimeout(() => {
      telling = undefined
      const changes = untold
      untold = []
      for (let from = 0; from < changes.length; from += maxChangesATell) {
        tell(changes.slice(from, from + maxChangesATell))
      }
    }, gatherMs).unref()
  }

  function tell(changes: readonly Change[]): void {
    bus
      .tell(changesKind, { node: bus.node, changes })
      .catch((error: unknown) => log.warn({ err: error }, 'other nodes may not know who is here'))
  }

  function forgetOld(): void {
    const now = clock()
    for (const [user, { until }] of lately) {
      if (until > now) return
      lately.delete(user)
    }
  }

  function isElsewhere(user: string): boolean {
    for (const { users } of others.values()) if (users.has(user)) return true
    return false
  }

  function isAnywhere(user: string): boolean {
    return here.has(user) || isElsewhere(user)
  }
}

interface OtherNode {
  readonly users: Map<string, Person>
  /** What it told while it was asked for all; null once it has answered. */
  meanwhile: Change[] | null
  /** Runs while it is missing. */
  missing: NodeJS.Timeout | undefined
}
