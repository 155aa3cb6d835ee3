import { AmqpError } from './amqp-error.ts'

/** Tables and lists within each other. */
const maxDepth = 32

/**
 * Headers whose integers every client reads. amqplib gives an integer the smallest type that holds it, and py-amqp takes
 * the 16-bit one (tag `s`) for a short string: a single such header ends the connection of a Python worker, again and
 * again. So each is sent with 32 bits, or with 64 where it is larger. Whatever goes out goes through here.
 *
 * @throws AmqpError `invalid` for what cannot be written
 */
export function wrapIntegers(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return wrapTable(headers, maxDepth)
}

function wrapTable(table: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [checkedName(name), wrap(value, depth - 1)]))
}

function wrap(value: unknown, depth: number): unknown {
  if (typeof value === 'number') return typed(value)
  if (typeof value === 'bigint') return typed(Number(value))
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return plain(value)
  if (depth <= 0) throw invalid(`Headers are nested more than ${maxDepth} levels deep.`)
  if (Array.isArray(value)) return value.map((each) => wrap(each, depth - 1))
  // As amqplib reads these two types from other clients.
  if (isTimestamp(value) || isDecimal(value)) return value
  return wrapTable(value, depth)
}

function typed(value: number): object {
  if (!Number.isSafeInteger(value)) return { '!': 'double', value }
  if (value >= -0x80000000 && value <= 0x7fffffff) return { '!': 'int', value }
  // py-amqp reads the sign of 64 bits wrong.
  return value > 0 ? { '!': 'long', value } : { '!': 'double', value }
}

function plain(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (Buffer.isBuffer(value)) return value
  throw invalid(`A header cannot hold a ${typeof value}.`)
}

function isTimestamp(value: object): boolean {
  return '!' in value && value['!'] === 'timestamp' && 'value' in value && isCount(value.value)
}

function isDecimal(value: object): boolean {
  if (!('!' in value) || value['!'] !== 'decimal' || !('value' in value)) return false
  const { value: decimal } = value
  if (typeof decimal !== 'object' || decimal === null || !('places' in decimal) || !('digits' in decimal)) return false
  const { places, digits } = decimal
  return isCount(places) && places < 256 && isCount(digits) && digits <= 0xffffffff
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** A table with this name would say to amqplib what type it is of. */
function checkedName(name: string): string {
  if (name === '!') throw invalid('A header cannot be named !.')
  if (Buffer.byteLength(name) > 255) throw invalid('The name of a header has at most 255 bytes.')
  return name
}

function invalid(sentence: string): AmqpError {
  return new AmqpError('invalid', sentence)
}
