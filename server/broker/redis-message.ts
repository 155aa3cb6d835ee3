import { z } from 'zod'
import type { ClientInfo, NewPublication, Publication } from './broker.ts'

/**
 * What goes through a channel's topic. A publication is `p<offset>:<time>:<epoch>:<length of meta>:<meta><data>`: the data
 * is cut out as it is, and there is JSON to read only when there are tags or an info. Joins and leaves are `j<info>` and
 * `l<info>`.
 */
export type Message =
  | { readonly kind: 'publication'; readonly publication: Publication; readonly epoch: string }
  | { readonly kind: 'join' | 'leave'; readonly info: ClientInfo }

/** JSON text of tags and info, or the empty string when there are none. */
export function metaText({ tags, info }: Pick<NewPublication, 'tags' | 'info'>): string {
  return tags || info ? JSON.stringify({ tags, info }) : ''
}

/** The part before the data; the script that publishes in a channel with history writes the same. */
export function publicationText(meta: string, data: string, time: number): string {
  return `p0:${time}::${meta.length}:${meta}${data}`
}

export function announcementText(kind: 'join' | 'leave', info: ClientInfo): string {
  return `${kind === 'join' ? 'j' : 'l'}${JSON.stringify(info)}`
}

/** Null for what is none of these. */
export function readMessage(text: string): Message | null {
  const [kind] = text
  if (kind === 'p') return readPublication(text)
  if (kind !== 'j' && kind !== 'l') return null
  const info = clientInfo.safeParse(jsonIn(text.slice(1)))
  return info.success ? { kind: kind === 'j' ? 'join' : 'leave', info: info.data } : null
}

function readPublication(text: string): Message | null {
  const afterOffset = text.indexOf(':')
  const afterTime = text.indexOf(':', afterOffset + 1)
  const afterEpoch = text.indexOf(':', afterTime + 1)
  const afterLength = text.indexOf(':', afterEpoch + 1)
  const offset = Number(text.slice(1, afterOffset))
  const time = Number(text.slice(afterOffset + 1, afterTime))
  const metaEnd = afterLength + 1 + Number(text.slice(afterEpoch + 1, afterLength))
  if (afterOffset < 0 || afterLength < afterEpoch || !Number.isSafeInteger(offset + time + metaEnd)) return null
  const meta = readMeta(text.slice(afterLength + 1, metaEnd))
  if (meta === null) return null
  return {
    kind: 'publication',
    publication: { offset, time, data: text.slice(metaEnd), ...meta },
    epoch: text.slice(afterTime + 1, afterEpoch),
  }
}

/** Null for what nobody of us has written. */
export function readMeta(text: string): Pick<Publication, 'tags' | 'info'> | null {
  if (text === '') return { tags: null, info: null }
  const meta = metaSchema.safeParse(jsonIn(text))
  return meta.success ? { tags: meta.data.tags ?? null, info: meta.data.info ?? null } : null
}

export const clientInfo = z
  .object({ user: z.string(), client: z.string(), connInfo: z.string().optional(), chanInfo: z.string().optional() })
  .transform(({ user, client, connInfo, chanInfo }): ClientInfo => {
    return { user, client, ...(connInfo !== undefined && { connInfo }), ...(chanInfo !== undefined && { chanInfo }) }
  })

const metaSchema = z.object({ tags: z.record(z.string(), z.string()).optional(), info: clientInfo.optional() })

export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
