import type { HistoryPage, Publication } from '#server/broker/broker.ts'
import type { StreamPosition } from './hub.ts'

export type Recovery =
  | { readonly recovered: true; readonly missed: readonly Publication[] }
  | { readonly recovered: false }

/** How much one recovery may deliver. */
export interface RecoveryBounds {
  readonly publications: number
  readonly bytes: number
}

/**
 * Whether a client that was at `requested` can be given exactly what it missed. `page` was read after that offset, up to
 * one publication more than the bound. An empty epoch stands for any.
 */
export function decideRecovery(requested: StreamPosition, page: HistoryPage, bounds: RecoveryBounds): Recovery {
  const missed = page.publications
  if (requested.epoch !== '' && requested.epoch !== page.epoch) return { recovered: false }
  // Offsets in a stream have no holes, so a right number from the right start is all of them.
  if (missed.length !== page.offset - requested.offset) return { recovered: false }
  const [first] = missed
  if (first !== undefined && first.offset !== requested.offset + 1) return { recovered: false }
  if (missed.length > bounds.publications || sizeOf(missed) > bounds.bytes) return { recovered: false }
  return { recovered: true, missed }
}

/**
 * The same for a channel of which only the newest matters. `page` was read from its end, newest first; `isWanted` is the
 * subscriber's filter. What the client has already it does not get again.
 */
export function decideCacheRecovery(
  requested: StreamPosition,
  page: HistoryPage,
  bounds: Pick<RecoveryBounds, 'bytes'>,
  isWanted: (publication: Publication) => boolean,
): Recovery {
  const isKnown = requested.epoch === page.epoch && requested.offset > 0 && requested.offset <= page.offset
  const known = isKnown ? requested.offset : 0
  if (isKnown && known === page.offset) return { recovered: true, missed: [] }
  if (page.publications[0]?.offset !== page.offset) return { recovered: false }
  const newest = page.publications.find(isWanted)
  // What was wanted may have been before the oldest that is left.
  if (!newest && (page.publications.at(-1)?.offset ?? 0) > known + 1) return { recovered: false }
  const missed = newest && newest.offset > known ? [newest] : []
  return sizeOf(missed) > bounds.bytes ? { recovered: false } : { recovered: true, missed }
}

export type CaughtUp =
  | { readonly complete: true; readonly late: readonly Publication[]; readonly position: StreamPosition }
  /** A publication is missing between the history and what arrived while it was read. */
  | { readonly complete: false }

/** Joins what arrived during the reading of history to its end: `top` is where the reading saw the stream. */
export function catchUp(top: StreamPosition, arrived: readonly LivePublication[]): CaughtUp {
  const late: Publication[] = []
  let offset = top.offset
  for (const { publication, epoch } of arrived) {
    // What is not kept has no place, and is missing nowhere.
    if (publication.offset === 0) {
      late.push(publication)
      continue
    }
    if (epoch !== top.epoch) return { complete: false }
    if (publication.offset <= offset) continue
    if (publication.offset !== offset + 1) return { complete: false }
    late.push(publication)
    offset = publication.offset
  }
  return { complete: true, late, position: { offset, epoch: top.epoch } }
}

export interface LivePublication {
  readonly publication: Publication
  readonly epoch: string
}

function sizeOf(publications: readonly Publication[]): number {
  return publications.reduce((bytes, { data }) => bytes + Buffer.byteLength(data), 0)
}
