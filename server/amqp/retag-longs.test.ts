import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retagLongs } from './retag-longs.ts'

// What amqplib reads and writes, which it does not export.
const { encodeTable, decodeFields } = createRequire(import.meta.url)('../../node_modules/amqplib/lib/codec.js') as {
  encodeTable(buffer: Buffer, table: object, offset: number): number
  decodeFields(bytes: Buffer): unknown
}

/** Content type and headers, as they stand in a content header. */
function propertiesWith(headers: object): Buffer {
  const buffer = Buffer.alloc(4096)
  buffer.writeUInt16BE((1 << 15) | (1 << 13), 0)
  buffer.writeUInt8(3, 2)
  buffer.write('L/L', 3)
  return buffer.subarray(0, 6 + encodeTable(buffer, headers, 6))
}

/** As py-amqp writes its 64-bit integers. */
function asPython(bytes: Buffer): Buffer {
  for (let at = bytes.indexOf('l'); at !== -1; at = bytes.indexOf('l', at + 1)) {
    if (bytes.readBigInt64BE(at + 1) === 1_700_000_000_000n) bytes.write('L', at)
  }
  return bytes
}

test('integers of py-amqp are read, wherever they stand', () => {
  const headers = {
    ms: 1_700_000_000_000,
    L: 'L is a letter',
    list: [1, 1_700_000_000_000, { deep: 1_700_000_000_000, half: 0.5, none: null, yes: true }],
    bytes: Buffer.from('LLLL'),
  }
  const bytes = asPython(propertiesWith(headers))
  expect(() => decodeFields(bytes.subarray(10))).toThrow(/type tag "L"/)
  retagLongs(bytes)
  expect(decodeFields(bytes.subarray(10))).toEqual(headers)
})

test('whatever the bytes are, it ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const properties = Buffer.concat([Buffer.from([0x20, 0]), Buffer.from(bytes)])
      try {
        retagLongs(properties)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
      expect(properties.length).toBe(bytes.length + 2)
    }),
  )
})
