import { textFrame, textsOf } from './text-frame.ts'
import type { Encode, TransportName } from './transport.ts'

/**
 * How each transport writes messages, made from the WebSocket frames that everything behind it is built as. Null where
 * the frames are written as they are.
 */
export const encodings = {
  websocket: null,
  http_stream: encoder((message) => `${ascii(message)}\n`),
  sse: encoder((message) => `data: ${message}\n\n`),
  uni_websocket: encoder((message) => textFrame(bare(message))),
  uni_http_stream: encoder((message) => `${bare(message)}\n`),
  uni_sse: encoder((message) => `data: ${bare(message)}\n\n`),
} as const satisfies Record<TransportName, Encode | null>

/** What is sent to many clients is the same Buffer for all of them, and encoded once. */
function encoder(write: (message: string) => string | Buffer): Encode {
  const known = new WeakMap<Buffer, Buffer>()
  return (frames) => {
    const before = known.get(frames)
    if (before) return before
    const encoded = Buffer.concat(textsOf(frames).map((message) => asBuffer(write(message))))
    known.set(frames, encoded)
    return encoded
  }
}

/** Unidirectional clients get pushes without their wrapping. */
function bare(message: string): string {
  return message.startsWith(wrapping) ? message.slice(wrapping.length, -1) : message
}

const wrapping = '{"push":'

/** Up to 5.7 the SDK decodes each piece of a stream by itself, which breaks characters that lie across two of them. */
function ascii(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function asBuffer(written: string | Buffer): Buffer {
  return typeof written === 'string' ? Buffer.from(written) : written
}
