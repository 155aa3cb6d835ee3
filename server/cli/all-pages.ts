import type { z } from 'zod'
import { page } from '#protocol/api.ts'
import type { Api } from './api.ts'

/** A whole list, page by page. `path` may have a query already. */
export async function allPages<Item>(api: Pick<Api, 'call'>, path: string, item: z.ZodType<Item>): Promise<Item[]> {
  const all: Item[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`
    const { items, next } = await api.call('GET', path + query, page(item))
    all.push(...items)
    cursor = next
  } while (cursor !== null)
  return all
}
