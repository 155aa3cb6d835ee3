import type { Delivery } from '#server/amqp/delivery.ts'
import type { Publisher } from '#server/amqp/publisher.ts'
import { wrapIntegers } from '#server/amqp/wrap-integers.ts'
import type { Dead } from './read-event.ts'

/** Exchange and queue of what never becomes a publication. */
export function deadName(queue: string): string {
  return `${queue}.dead`
}

/** Beyond it the rest of a body is left out: nobody could publish it anyway, and all of it is in memory several times. */
const maxKeptBytes = 1024 * 1024

/**
 * Puts a message aside, with the reason in its headers. Resolves when RabbitMQ has it.
 *
 * @throws AmqpError
 */
export async function sendDead(publisher: Publisher, delivery: Delivery, { reason, detail }: Dead): Promise<void> {
  const { queue, exchange, routingKey, content, properties } = delivery
  const { contentType, contentEncoding, messageId, correlationId, type, timestamp } = properties
  await publisher.publish({
    exchange: deadName(queue),
    routingKey,
    content: content.subarray(0, maxKeptBytes),
    headers: {
      ...ownHeaders(delivery),
      'x-carillon-reason': reason,
      'x-carillon-detail': detail,
      'x-carillon-exchange': exchange,
      'x-carillon-at': new Date().toISOString(),
      ...(content.length > maxKeptBytes && { 'x-carillon-cut': content.length }),
    },
    ...texts({ contentType, contentEncoding, messageId, correlationId, type }),
    ...(typeof timestamp === 'number' && { timestamp }),
  })
}

/** What the sender wrote, as far as it can be written again. */
function ownHeaders({ headers }: Delivery): Readonly<Record<string, unknown>> {
  try {
    wrapIntegers(headers)
    return JSON.stringify(headers).length > maxHeaderLength ? left : headers
  } catch {
    return left
  }
}

const left = { 'x-carillon-headers': 'left out' }
/** All headers together have 64 KiB at the most. */
const maxHeaderLength = 32_000

type Texts = Pick<Delivery['properties'], 'contentType' | 'contentEncoding' | 'messageId' | 'correlationId' | 'type'>

function texts(properties: Texts): { readonly [Name in keyof Texts]?: string } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => typeof value === 'string'))
}
