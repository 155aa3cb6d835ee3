import type { Publication } from '#server/broker/broker.ts'
import type { Outbox } from './outbox.ts'
import type { TagFilter } from './tag-filter.ts'

/** A live subscription, as the hub sees it. */
export interface Member {
  readonly outbox: Outbox
  /** It asked for joins and leaves, and may have them. */
  readonly joinLeave: boolean
  /** Set when it asked for some publications only. Filtering moves its place in the stream all the same. */
  readonly filter: TagFilter | null
  /** It understands publications given as the difference to the one before. Not together with a filter. */
  readonly deltas: boolean
  /** Its place in the stream was lost: it must subscribe again. */
  readonly lostPosition: () => void
}

/** The members of one channel, by what they are sent. */
export interface Strands {
  readonly plain: Strand
  /** By the filter's key. */
  readonly filtered: Map<string, { readonly filter: TagFilter; readonly strand: Strand }>
  /** Null without members that take deltas. */
  deltas: Deltas | null
}

/** Members that get the same frames. */
export interface Strand {
  readonly members: Set<Member>
  ready: Buffer[]
  readyBytes: number
}

export function newStrand(): Strand {
  return { members: new Set(), ready: [], readyBytes: 0 }
}

/** Members that take deltas: those that have the last publication, and those that need a full one first. */
export interface Deltas {
  readonly settled: Strand
  readonly fresh: Strand
  /** What the settled ones have: the data of the last publication and its offset. */
  readonly chain: { base: Buffer | null; offset: number }
}

function newDeltas(): Deltas {
  return { settled: newStrand(), fresh: newStrand(), chain: { base: null, offset: 0 } }
}

export function isEmpty({ settled, fresh }: Deltas): boolean {
  return settled.members.size === 0 && fresh.members.size === 0
}

/** The strand a member is in, or would be in if it has one already. */
export function strandOf({ plain, filtered, deltas }: Strands, member: Member): Strand | undefined {
  if (member.filter !== null) return filtered.get(member.filter.key)?.strand
  if (!member.deltas) return plain
  return deltas?.fresh.members.has(member) ? deltas.fresh : deltas?.settled
}

export function strandFor(strands: Strands, member: Member, last: Publication | null): Strand {
  if (member.deltas) {
    strands.deltas ??= newDeltas()
    return deltaStrandFor(strands.deltas, last)
  }
  const known = strandOf(strands, member)
  if (known || member.filter === null) return known ?? strands.plain
  const strand = newStrand()
  strands.filtered.set(member.filter.key, { filter: member.filter, strand })
  return strand
}

function deltaStrandFor(deltas: Deltas, last: Publication | null): Strand {
  if (last === null || last.offset === 0) return deltas.fresh
  if (isEmpty(deltas)) {
    deltas.chain.base = Buffer.from(last.data)
    deltas.chain.offset = last.offset
  }
  return deltas.chain.offset === last.offset ? deltas.settled : deltas.fresh
}

export function* membersOf({ plain, filtered, deltas }: Strands): Generator<Member> {
  yield* plain.members
  for (const { strand } of filtered.values()) yield* strand.members
  if (deltas) {
    yield* deltas.settled.members
    yield* deltas.fresh.members
  }
}
