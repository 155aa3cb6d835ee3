import { AuthError } from './auth-error.ts'

export interface PageRequest {
  readonly limit?: number | undefined
  readonly cursor?: string | null | undefined
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where the next page begins; null after the last. */
  readonly next: string | null
}

export const defaultPageSize = 100

/** Where a page begins: behind this row of a list in the order of creation. */
interface Place {
  readonly createdAt: string
  readonly id: string
}

/** Before all rows. */
const beginning: Place = { createdAt: '0001-01-01T00:00:00.000Z', id: '' }

/** @throws AuthError `bad_request` */
export function placeOf(cursor: string | null | undefined): Place {
  if (cursor == null) return beginning
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, createdAt, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([\w-]{1,64})$/.exec(text) ?? []
  if (createdAt !== undefined && id !== undefined && !Number.isNaN(Date.parse(createdAt))) return { createdAt, id }
  throw new AuthError('bad_request', 'The cursor is none of this list: pass on what "next" says, or leave it out.')
}

/** A page of rows of which one more than `limit` was asked for. */
export function pageOf<Row extends Place, Item>(
  rows: readonly Row[],
  limit: number,
  viewOf: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const isLast = rows.length <= limit || last === undefined
  const next = isLast ? null : Buffer.from(`${last.createdAt} ${last.id}`).toString('base64url')
  return { items: shown.map(viewOf), next }
}
