import { array, assert, boolean, constantFrom, integer, property, record, string, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from './frame-reader.ts'

interface Sent {
  readonly opcode: number
  readonly final: boolean
  readonly payload: Uint8Array
}

/** A client's frame, masked. */
function frame({ opcode, final, payload }: Sent): Buffer {
  const mask = Buffer.from([0x5a, 0x00, 0xff, 0x13])
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = (final ? 0x80 : 0) | opcode
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, mask, payload.map((byte, at) => byte ^ (mask[at & 3] as number))])
}

/** What a reader tells of these bytes when they come in pieces of such sizes, over and over. */
function told(bytes: Buffer, sizes: readonly number[], maxBytes = 1000): unknown[] {
  const events: unknown[] = []
  const reader = new FrameReader(
    {
      message: (text) => void events.push({ text }),
      ping: (payload) => void events.push({ ping: payload.toString('latin1') }),
      closed: (code) => void events.push({ closed: code }),
      broken: (code) => void events.push({ broken: code }),
    },
    maxBytes,
  )
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] as number
    // A copy, because it is unmasked in place.
    reader.read(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return events
}

const ping = (payload: Uint8Array) => frame({ opcode: 9, final: true, payload })

test('messages come whole and in order however they are cut, with pings between their fragments', () => {
  const message = record({
    text: string({ unit: constantFrom('a', '{', '\n', '\0', 'é', '€', '🔔'), maxLength: 60 }),
    isBinary: boolean(),
    fragmentBytes: integer({ min: 1, max: 60 }),
    pinged: uint8Array({ maxLength: 20 }),
  })
  const sizes = array(integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 })
  assert(
    property(array(message, { maxLength: 3 }), sizes, (messages, sizes) => {
      const frames: Buffer[] = []
      const expected: unknown[] = []
      for (const { text, isBinary, fragmentBytes, pinged } of messages) {
        const payload = Buffer.from(text)
        for (let at = 0; at === 0 || at < payload.length; at += fragmentBytes) {
          const final = at + fragmentBytes >= payload.length
          const opcode = at > 0 ? 0 : isBinary ? 2 : 1
          if (at > 0) {
            frames.push(ping(pinged))
            expected.push({ ping: Buffer.from(pinged).toString('latin1') })
          }
          frames.push(frame({ opcode, final, payload: payload.subarray(at, at + fragmentBytes) }))
        }
        expected.push({ text: isBinary ? null : payload.toString() })
      }
      expect(JSON.stringify(told(Buffer.concat(frames), sizes))).toBe(JSON.stringify(expected))
    }),
    { numRuns: 100 },
  )
})

test('whatever comes, it is told as the same however it is cut, and nothing after an end', () => {
  assert(
    property(uint8Array({ maxLength: 400 }), integer({ min: 1, max: 50 }), (bytes, size) => {
      const whole = told(Buffer.from(bytes), [1000])
      expect(JSON.stringify(told(Buffer.from(bytes), [size]))).toBe(JSON.stringify(whole))
      const ends = whole.filter((event) => 'closed' in (event as object) || 'broken' in (event as object))
      expect(ends).toEqual(whole.slice(whole.length - ends.length))
      expect(ends.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 200 },
  )
})

test('a message may be as large as it may be, in one frame or several, and no larger', () => {
  const text = (bytes: number) => frame({ opcode: 1, final: true, payload: Buffer.alloc(bytes, 'x') })
  expect(told(text(1000), [1 << 20])).toEqual([{ text: 'x'.repeat(1000) }])
  expect(told(text(1001), [1 << 20])).toEqual([{ broken: 1009 }])
  // Refused by its header, before the rest is there.
  expect(told(text(70_000).subarray(0, 14), [14])).toEqual([{ broken: 1009 }])
  const halves = (second: number) =>
    Buffer.concat([
      frame({ opcode: 1, final: false, payload: Buffer.alloc(900, 'x') }),
      ping(Buffer.alloc(125)),
      frame({ opcode: 0, final: true, payload: Buffer.alloc(second, 'x') }),
    ])
  expect(told(halves(100), [1 << 20]).at(-1)).toEqual({ text: 'x'.repeat(1000) })
  expect(told(halves(101), [1 << 20]).at(-1)).toEqual({ broken: 1009 })
})

test.each([
  ['no code', [], { closed: 1005 }],
  ['an ordinary code', [0x03, 0xe8], { closed: 1000 }],
  ['a code of the application', [0x0f, 0x9f, 0x21], { closed: 3999 }],
  ['a code that nobody says', [0x03, 0xee], { broken: 1002 }],
  ['a reason that is not UTF-8', [0x03, 0xe8, 0xff], { broken: 1007 }],
])('a close frame with %s', (_, payload, event) => {
  const close = frame({ opcode: 8, final: true, payload: Buffer.from(payload) })
  expect(told(Buffer.concat([close, close]), [1 << 20])).toEqual([event])
})
