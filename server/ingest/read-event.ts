import { createHash } from 'node:crypto'
import { jsonData, maxPublicationBytes } from '#protocol/publications.ts'
import type { Delivery } from '#server/amqp/delivery.ts'
import type { PublishCall } from '#server/realtime/realtime.ts'
import type { ChannelOf } from './channel-of.ts'

/** Why a message never becomes a publication. Stands in the header of its dead letter, and in the metrics. */
export type DeadReason =
  | 'unreadable_headers'
  | 'content_type'
  | 'content_encoding'
  | 'not_json'
  | 'too_large'
  | 'loop'
  | 'unknown_channel'
  | 'not_permitted'
  | 'invalid'
  | 'failed'

export type Dead = { readonly ok: false; readonly reason: DeadReason; readonly detail: string }

/** What is to be published of a message, or why it cannot be. */
export function readEvent(delivery: Delivery, channelOf: ChannelOf): { ok: true; call: PublishCall } | Dead {
  const { content, headers, properties, unreadable } = delivery
  if (unreadable !== null) return dead('unreadable_headers', `Its headers cannot be read: ${unreadable}.`)
  if (outwardHeader in headers)
    return dead('loop', 'It was published by Carillon itself. Do not bind its exchange here.')
  const { contentType, contentEncoding, messageId } = properties
  if (!isJsonType(contentType)) {
    return dead('content_type', `Its content type is ${shown(contentType)}. Send JSON, as application/json.`)
  }
  if (!isPlainEncoding(contentEncoding)) {
    return dead('content_encoding', `Its content encoding is ${shown(contentEncoding)}. Send plain UTF-8.`)
  }
  if (content.length > maxContentBytes) {
    return dead('too_large', `It has ${content.length} bytes; a publication has at most ${maxPublicationBytes}.`)
  }
  const data = parse(content)
  if (!data.ok) return data
  const tags = tagsOf(headers)
  return {
    ok: true,
    call: {
      channel: channelOf(delivery.exchange, delivery.routingKey),
      data: data.value,
      ...(tags && { tags }),
      ...(typeof messageId === 'string' && messageId !== '' && { idempotencyKey: idempotencyKeyOf(messageId) }),
      source: 'amqp',
    },
  }
}

/** Marks what Carillon publishes itself. */
export const outwardHeader = 'x-carillon-channel'

/** More is not even parsed: with white space JSON may be longer than what is published of it. */
const maxContentBytes = 4 * maxPublicationBytes

const maxTags = 64
const maxTagName = 64
const maxTagValue = 256
const maxIdempotencyKey = 128

function parse(content: Buffer): { readonly ok: true; readonly value: unknown } | Dead {
  try {
    const value: unknown = JSON.parse(utf8.decode(content))
    if (jsonData.safeParse(value).success) return { ok: true, value }
    return dead('invalid', 'Its data is nested too deeply.')
  } catch {
    const hint = /\b(NaN|Infinity)\b/.test(content.toString('latin1')) ? ' Python writes NaN, which JSON has not.' : ''
    return dead('not_json', `Its body is not JSON in UTF-8.${hint}`)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** None at all is taken for JSON; what it is, its body shows. */
function isJsonType(contentType: unknown): boolean {
  if (contentType === undefined || contentType === '') return true
  if (typeof contentType !== 'string') return false
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='))
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset)
  return isUtf8 && /^(application\/json|text\/json|application\/[\w.-]+\+json)$/.test(type.trim())
}

function isPlainEncoding(encoding: unknown): boolean {
  if (encoding === undefined) return true
  return typeof encoding === 'string' && ['', 'utf-8', 'utf8', 'identity'].includes(encoding.toLowerCase())
}

/** Headers with a short text, number or truth value; those that RabbitMQ and Carillon add are none of the sender's. */
function tagsOf(headers: Readonly<Record<string, unknown>>): Record<string, string> | null {
  const tags: [string, string][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (tags.length === maxTags) break
    if (!['string', 'number', 'boolean'].includes(typeof value)) continue
    const text = String(value)
    if (name === '' || name.length > maxTagName || text.length > maxTagValue || isTechnical(name)) continue
    tags.push([name, text])
  }
  return tags.length === 0 ? null : Object.fromEntries(tags)
}

function isTechnical(name: string): boolean {
  return name === 'CC' || name === 'BCC' || name.toLowerCase().startsWith('x-')
}

/** AMQP allows more than a publication does. */
function idempotencyKeyOf(messageId: string): string {
  if (messageId.length <= maxIdempotencyKey) return messageId
  return `sha256:${createHash('sha256').update(messageId).digest('hex')}`
}

function shown(value: unknown): string {
  return String(value).slice(0, 100)
}

function dead(reason: DeadReason, detail: string): Dead {
  return { ok: false, reason, detail }
}
