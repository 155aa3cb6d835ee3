import type { ChannelModel } from 'amqplib'
import { retagLongs } from './retag-longs.ts'

/**
 * Makes a connection survive headers that amqplib cannot read. It knows fewer types than RabbitMQ passes on, and ends the
 * connection when it meets another: with the message back at the head of its queue, that would go on for ever. The one
 * that is usual, py-amqp's integers of 64 bits (tag `L`), is read as amqplib's own (`l`). With any other the message
 * arrives without properties, and says that it was unreadable.
 */
export function surviveForeignHeaders({ connection }: ChannelModel): void {
  // amqplib's own object, of which its types say less.
  const internal = connection as unknown as FrameSource
  const receive = internal.recvFrame
  internal.recvFrame = function recvFrame() {
    const bytes = this.rest
    try {
      return receive.call(this)
    } catch (error) {
      // Taken off what is left to read, and then not understood.
      const isWhole = this.rest !== bytes && bytes.length > headerLength && bytes[0] === headerFrame
      if (!isWhole) throw error
      return again(this, bytes) ?? withoutProperties(bytes, error)
    }
  }

  function again(source: FrameSource, bytes: Buffer): unknown {
    const left = source.rest
    try {
      retagLongs(bytes.subarray(headerLength, bytes.length - left.length))
      source.rest = bytes
      return receive.call(source)
    } catch {
      source.rest = left
      return null
    }
  }
}

/** Why the headers of a message could not be read; null when they could. */
export function unreadableBecause(headers: unknown): string | null {
  if (typeof headers !== 'object' || headers === null || !(unreadable in headers)) return null
  return String(headers[unreadable])
}

/** The frame as amqplib would have read it. */
function withoutProperties(bytes: Buffer, error: unknown): unknown {
  return {
    id: bytes.readUInt16BE(7),
    channel: bytes.readUInt16BE(1),
    size: Number(bytes.readBigUInt64BE(11)),
    fields: { headers: { [unreadable]: error instanceof Error ? error.message : String(error) } },
  }
}

/** A symbol, so that no message can say it of itself. */
const unreadable = Symbol('unreadable headers')

interface FrameSource {
  rest: Buffer
  recvFrame(): unknown
}

/** Type, channel and size of a frame, then class, weight and size of the body. */
const headerLength = 7 + 12
const headerFrame = 2
