import { randomBytes } from 'node:crypto'

/** Ids that sort by time: UUIDs of version 7 (RFC 9562), of this process in the order in which they are made. */
export function createSortableIds(): (time: number) => string {
  let last = -1
  let counter = 0
  return (time) => {
    counter = time === last ? (counter + 1) & 0xfff : 0
    last = time
    return format(time, 0x7000 | counter, (randomBytes(8).readBigUInt64BE() & variantMask) | variant)
  }
}

/** No id of this instant or later is smaller. */
export function firstIdOf(time: number): string {
  return format(Math.max(0, time), 0x7000, variant)
}

const variant = 1n << 63n
const variantMask = (1n << 62n) - 1n

function format(time: number, middle: number, rest: bigint): string {
  const hex = time.toString(16).padStart(12, '0') + middle.toString(16) + rest.toString(16)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
