import { inflateSync } from 'node:zlib'
import type { Delivery } from '#server/amqp/delivery.ts'
import { parseJson } from './parse-json.ts'

/** What of a message the codec looks at: all of it is by whoever sent it. */
export type Frame = Pick<Delivery, 'content' | 'headers'> & {
  readonly properties: Partial<Record<'contentType' | 'contentEncoding' | 'replyTo' | 'priority', unknown>>
}

export type Body = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

/** Longest body, also after it was decompressed: 16 MiB. */
const maxBytes = 16 * 1024 * 1024

/** Only JSON is read: other serializers can be made to run code. */
export function decodeBody({ content, properties, headers }: Frame): Body {
  const { contentType, contentEncoding } = properties
  if (contentType !== 'application/json') {
    return refuse(`Its content type is ${shown(contentType)}. Set task_serializer to json.`)
  }
  if (!/^(utf-?8|us-ascii|ascii)$/i.test(String(contentEncoding ?? 'utf-8'))) {
    return refuse(`Its content encoding is ${shown(contentEncoding)}. Send UTF-8.`)
  }
  const bytes = decompress(content, headers.compression)
  if (!bytes.ok) return bytes
  try {
    return { ok: true, value: parseJson(bytes.value) }
  } catch (error) {
    return refuse(error instanceof RangeError ? error.message : 'Its body is not valid JSON; NaN and Infinity are not.')
  }
}

function decompress(
  content: Buffer,
  compression: unknown,
): { readonly ok: true; readonly value: Buffer } | { readonly ok: false; readonly reason: string } {
  if (content.length > maxBytes) return refuse(`Its body is longer than ${maxBytes} bytes.`)
  if (compression === undefined || compression === null) return { ok: true, value: content }
  // Both of kombu's names, gzip and zlib, stand for this, and its stream is that of zlib.
  if (compression !== 'application/x-gzip') {
    return refuse(`It is compressed as ${shown(compression)}. Set task_compression to zlib, or leave it out.`)
  }
  try {
    return { ok: true, value: inflateSync(content, { maxOutputLength: maxBytes }) }
  } catch (error) {
    const isTooLong = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return refuse(isTooLong ? `Its body is longer than ${maxBytes} bytes.` : 'Its body is not a zlib stream.')
  }
}

function refuse(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}

/** What others wrote, short enough for a sentence. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 60) : 'missing'
}
