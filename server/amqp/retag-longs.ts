/** Tables and lists within each other; deeper ones are nobody's. */
const maxDepth = 32

/**
 * Gives every integer with py-amqp's tag `L` the tag `l` of the same 64 bits, in place. `properties` is what stands in a
 * content header behind the size of the body.
 *
 * @throws RangeError for what is no such thing
 */
export function retagLongs(properties: Buffer): void {
  const flags = properties.readUInt16BE(0)
  let at = 2
  for (const flag of [hasContentType, hasContentEncoding]) if (flags & flag) at += 1 + properties.readUInt8(at)
  if (flags & hasHeaders) retagTable(properties, at, maxDepth)
}

const hasContentType = 1 << 15
const hasContentEncoding = 1 << 14
const hasHeaders = 1 << 13

/** Answers where what follows begins. */
function retagTable(bytes: Buffer, start: number, depth: number): number {
  const end = start + 4 + bytes.readUInt32BE(start)
  let at = start + 4
  while (at < end) at = retagValue(bytes, at + 1 + bytes.readUInt8(at), depth)
  return end
}

function retagList(bytes: Buffer, start: number, depth: number): number {
  const end = start + 4 + bytes.readUInt32BE(start)
  let at = start + 4
  while (at < end) at = retagValue(bytes, at, depth)
  return end
}

function retagValue(bytes: Buffer, start: number, depth: number): number {
  if (depth === 0) throw new RangeError('nested too deeply')
  const tag = String.fromCharCode(bytes.readUInt8(start))
  const value = start + 1
  const size = sizes[tag]
  if (tag === 'L') bytes.write('l', start)
  if (size !== undefined) return value + size
  if (tag === 'S' || tag === 'x') return value + 4 + bytes.readUInt32BE(value)
  if (tag === 'F') return retagTable(bytes, value, depth - 1)
  if (tag === 'A') return retagList(bytes, value, depth - 1)
  throw new RangeError(`unknown tag ${tag}`)
}

/** Of values of one size, in bytes. */
const sizes: Readonly<Record<string, number>> = {
  ...{ t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, l: 8, L: 8, f: 4, d: 8, D: 5, T: 8, V: 0 },
}
