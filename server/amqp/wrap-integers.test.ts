import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { wrapIntegers } from './wrap-integers.ts'

// What amqplib puts on the wire, which it does not export.
const { encodeTable, decodeFields } = createRequire(import.meta.url)('../../node_modules/amqplib/lib/codec.js') as {
  encodeTable(buffer: Buffer, table: object, offset: number): number
  decodeFields(bytes: Buffer): unknown
}

/** One header as it goes over the wire, behind its name. */
function bytesOf(value: unknown): string {
  const buffer = Buffer.alloc(1024)
  const length = encodeTable(buffer, wrapIntegers({ n: value }), 0)
  // Four bytes of length, one of the name's length, and the name.
  return buffer.subarray(6, length).toString('hex')
}

function roundTrip(headers: Record<string, unknown>): unknown {
  const buffer = Buffer.alloc(70_000)
  const length = encodeTable(buffer, wrapIntegers(headers), 0)
  return decodeFields(buffer.subarray(4, length))
}

const tag = (letter: string) => Buffer.from(letter).toString('hex')

describe('integers in headers', () => {
  test('are sent with 32 bits, and never with the 8 or 16 that py-amqp misreads', () => {
    expect(bytesOf(0)).toBe(`${tag('I')}00000000`)
    expect(bytesOf(127)).toBe(`${tag('I')}0000007f`)
    expect(bytesOf(300)).toBe(`${tag('I')}0000012c`)
    expect(bytesOf(-1)).toBe(`${tag('I')}ffffffff`)
    expect(bytesOf(-200)).toBe(`${tag('I')}ffffff38`)
    expect(bytesOf(2 ** 31 - 1)).toBe(`${tag('I')}7fffffff`)
    expect(bytesOf(-(2 ** 31))).toBe(`${tag('I')}80000000`)
  })

  test('are sent with 64 bits beyond, and as floats where the sign would be lost', () => {
    expect(bytesOf(2 ** 31)).toBe(`${tag('l')}0000000080000000`)
    expect(bytesOf(2 ** 53 - 1)).toBe(`${tag('l')}001fffffffffffff`)
    expect(bytesOf(-(2 ** 31) - 1).slice(0, 2)).toBe(tag('d'))
    expect(bytesOf(2n ** 40n)).toBe(`${tag('l')}0000010000000000`)
  })

  test('are found in lists and tables', () => {
    expect(bytesOf([300, 240])).toBe(`${tag('A')}0000000a${tag('I')}0000012c${tag('I')}000000f0`)
    expect(bytesOf({ n: 300 })).toBe(`${tag('F')}00000007016e${tag('I')}0000012c`)
  })
})

test('other values are what they were', () => {
  const headers = { text: 'ding ☃', yes: true, none: null, half: 1.5, list: ['a', { deep: [false] }] }
  expect(roundTrip(headers)).toEqual(headers)
})

test('what is no number, or none that fits, does not stop the message', () => {
  expect(roundTrip({ a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: 1e300, d: -1e300 })).toEqual({
    ...{ a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: 1e300, d: -1e300 },
  })
})

test('what other clients sent as time or decimal goes on as that', () => {
  const headers = {
    at: { '!': 'timestamp', value: 1_700_000_000 },
    price: { '!': 'decimal', value: { places: 2, digits: 1999 } },
  }
  expect(roundTrip(headers)).toEqual(headers)
})

test('a table cannot pass itself off as another type', () => {
  expect(() => wrapIntegers({ x: { '!': 'int', value: 'no number' } })).toThrow(/cannot be named !/)
  expect(() => wrapIntegers({ x: { '!': 'decimal', value: { places: 900, digits: 1 } } })).toThrow(/cannot be named !/)
})

test('what cannot be written is refused with a reason', () => {
  expect(() => wrapIntegers({ f: () => {} })).toThrow(/cannot hold a function/)
  expect(() => wrapIntegers({ ['n'.repeat(256)]: 1 })).toThrow(/at most 255 bytes/)
  let deep: unknown = 1
  for (let level = 0; level < 40; level += 1) deep = [deep]
  expect(() => wrapIntegers({ deep })).toThrow(/more than 32 levels/)
})
