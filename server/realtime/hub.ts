import type { ClientInfo, Publication } from '#server/broker/broker.ts'
import { fossilDelta } from './delta.ts'
import { asText, joinPushText, publicationPushText } from './encode.ts'
import {
  type Deltas,
  isEmpty,
  type Member,
  membersOf,
  newStrand,
  type Strand,
  type Strands,
  strandFor,
  strandOf,
} from './strands.ts'
import { textFrame } from './text-frame.ts'
import type { WriteTurn } from './write-turn.ts'

/** Where a channel's fan-out stands. */
export interface StreamPosition {
  readonly offset: number
  readonly epoch: string
}

/** A subscriber that reads history first: publications come to it one by one until it is caught up. */
export type Watcher = (publication: Publication, epoch: string) => void

/**
 * Channels and their subscribers. A publication becomes one frame for all of them; the frames of one turn are joined
 * once per channel, and every socket gets the same Buffer. Those with a filter share theirs with all who have the same,
 * and those that take deltas get one that is computed once.
 */
export interface Hub {
  publish(channel: string, publication: Publication, epoch: string): void
  /** Pushes a join or a leave to the members that asked for them. */
  announce(channel: string, kind: 'join' | 'leave', info: ClientInfo): void
  watch(channel: string, watcher: Watcher): void
  unwatch(channel: string, watcher: Watcher): void
  /**
   * From now on the member gets every publication. `position` is where it is, null when it keeps none; `last` is the
   * publication that brought it there, null when none was sent to it: then it cannot take a delta yet.
   */
  join(channel: string, member: Member, position: StreamPosition | null, last: Publication | null): void
  leave(channel: string, member: Member): void
  /** Where the fan-out of a positioned channel stands; null when nothing is known yet. */
  position(channel: string): StreamPosition | null
  /** Publications of this channel did not come: all of its members must subscribe again. */
  loseAll(channel: string): void
  /** Channels with members, busiest first. */
  channels(): { readonly channel: string; readonly clients: number }[]
  size(): { readonly channels: number; readonly subscriptions: number }
}

/** `counts.deliveries` grows by what is handed to members. */
export function createHub(turn: WriteTurn, counts = { deliveries: 0 }): Hub {
  const rooms = new Map<string, Room>()
  let dirty: Strand[] = []

  return {
    publish(channel, publication, epoch) {
      const room = rooms.get(channel)
      if (!room) return
      if (advance(room, publication.offset, epoch) && room.size > 0) fanOut(room, publication)
      // After the members: a watcher that joins now has this publication already.
      if (room.watchers.size > 0) for (const watcher of [...room.watchers]) watcher(publication, epoch)
    },
    announce(channel, kind, info) {
      const room = rooms.get(channel)
      if (!room || room.listening === 0) return
      const frame = textFrame(joinPushText(channel, kind, info))
      for (const member of membersOf(room)) if (member.joinLeave) member.outbox.push(frame)
    },
    watch: (channel, watcher) => void roomOf(channel).watchers.add(watcher),
    unwatch(channel, watcher) {
      const room = rooms.get(channel)
      if (!room) return
      room.watchers.delete(watcher)
      forgetIfEmpty(room)
    },
    join(channel, member, position, last) {
      const before = rooms.get(channel)
      if (position && before?.position && !isReachedBy(before.position, position)) {
        before.position = position
        loseAll(before)
      }
      // Losing its last member, the room may have gone.
      const room = roomOf(channel)
      room.position ??= position
      const strand = strandFor(room, member, last)
      // What is ready was published before this member came, and is not for it.
      deliver(strand)
      strand.members.add(member)
      room.size += 1
      if (member.joinLeave) room.listening += 1
    },
    leave(channel, member) {
      const room = rooms.get(channel)
      const strand = room && strandOf(room, member)
      if (!room || !strand?.members.has(member)) return
      deliver(strand)
      strand.members.delete(member)
      if (member.filter && strand.members.size === 0) room.filtered.delete(member.filter.key)
      if (room.deltas && isEmpty(room.deltas)) room.deltas = null
      room.size -= 1
      if (member.joinLeave) room.listening -= 1
      forgetIfEmpty(room)
    },
    position: (channel) => rooms.get(channel)?.position ?? null,
    loseAll(channel) {
      const room = rooms.get(channel)
      if (room) loseAll(room)
    },
    channels: () =>
      [...rooms.values()]
        .filter(({ size }) => size > 0)
        .map(({ channel, size }) => ({ channel, clients: size }))
        .sort((a, b) => b.clients - a.clients),
    size() {
      let channels = 0
      let subscriptions = 0
      for (const { size } of rooms.values()) {
        if (size > 0) channels += 1
        subscriptions += size
      }
      return { channels, subscriptions }
    },
  }

  function roomOf(channel: string): Room {
    const known = rooms.get(channel)
    if (known) return known
    const room: Room = {
      channel,
      size: 0,
      plain: newStrand(),
      filtered: new Map(),
      deltas: null,
      watchers: new Set(),
      listening: 0,
      position: null,
    }
    rooms.set(channel, room)
    return room
  }

  function forgetIfEmpty(room: Room): void {
    if (room.size === 0 && room.watchers.size === 0) rooms.delete(room.channel)
  }

  /** Whether this is the next one. Repeated ones are nobody's business, and after a gap nobody's place is right. */
  function advance(room: Room, offset: number, epoch: string): boolean {
    const { position } = room
    if (position === null || offset === 0) return true
    if (epoch === position.epoch && offset <= position.offset) return false
    const isNext = epoch === position.epoch && offset === position.offset + 1
    room.position = { offset, epoch }
    if (!isNext) loseAll(room)
    return isNext
  }

  function loseAll(room: Room): void {
    for (const member of [...membersOf(room)]) member.lostPosition()
  }

  function fanOut({ channel, plain, filtered, deltas }: Room, publication: Publication): void {
    if (plain.members.size > 0 || filtered.size > 0) {
      const frame = textFrame(publicationPushText(channel, publication))
      if (plain.members.size > 0) makeReady(plain, frame)
      for (const { filter, strand } of filtered.values()) {
        if (filter.matches(publication.tags)) makeReady(strand, frame)
      }
    }
    if (deltas) publishDelta(channel, deltas, publication)
  }

  function publishDelta(channel: string, { settled, fresh, chain }: Deltas, publication: Publication): void {
    const target = Buffer.from(publication.data)
    const full = () => textFrame(publicationPushText(channel, asText(publication)))
    if (settled.members.size > 0) {
      const delta = chain.base && fossilDelta(chain.base, target)
      makeReady(settled, delta ? textFrame(publicationPushText(channel, asText(publication, delta))) : full())
    }
    chain.base = target
    chain.offset = publication.offset
    if (fresh.members.size === 0) return
    // From here on all of them have the same base.
    deliver(settled)
    makeReady(fresh, full())
    deliver(fresh)
    for (const member of fresh.members) settled.members.add(member)
    fresh.members.clear()
  }

  function makeReady(strand: Strand, frame: Buffer): void {
    if (strand.ready.length === 0) {
      if (dirty.length === 0) turn.before(deliverDirty)
      dirty.push(strand)
    }
    strand.ready.push(frame)
    strand.readyBytes += frame.length
    if (strand.readyBytes > joinedBytes) deliver(strand)
  }

  function deliverDirty(): void {
    const ready = dirty
    dirty = []
    for (const strand of ready) deliver(strand)
  }

  function deliver(strand: Strand): void {
    const [first] = strand.ready
    if (first === undefined) return
    counts.deliveries += strand.ready.length * strand.members.size
    const joined = strand.ready.length === 1 ? first : Buffer.concat(strand.ready, strand.readyBytes)
    strand.ready = []
    strand.readyBytes = 0
    for (const member of strand.members) member.outbox.push(joined)
  }
}

interface Room extends Strands {
  readonly channel: string
  /** Members of all strands. */
  size: number
  readonly watchers: Set<Watcher>
  /** How many members want joins and leaves. */
  listening: number
  /**
   * The last publication that came here, or where the first subscriber was. Null for channels without positions, and
   * before the first subscriber has one. It goes on without members as long as somebody watches.
   */
  position: StreamPosition | null
}

/** Whether a stream that is here now can have been there. A stream that begins anew, or goes back, cannot. */
function isReachedBy(there: StreamPosition, here: StreamPosition): boolean {
  return there.epoch === here.epoch && there.offset <= here.offset
}

/** A turn's frames of one strand are handed on early beyond this, so that no single Buffer becomes an outbox of its own. */
const joinedBytes = 256 * 1024
