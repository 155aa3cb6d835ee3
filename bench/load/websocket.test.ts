import { expect, test } from 'vitest'
import type { Link } from './link.ts'
import { closeOpcode, framesAreTaken } from './websocket.ts'

/** A server's frame: no mask. */
function frame(text: string, opcode = 1): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? [length] : [126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...header]), Buffer.from(text)])
}

test('frames are counted wherever the chunks are cut, and pings are answered', () => {
  const all = Buffer.concat([frame('x'.repeat(200)), frame('{}'), frame('y'.repeat(40)), frame('bye', closeOpcode)])
  for (let size = 1; size <= all.length; size++) {
    let pongs = 0
    const seen: string[] = []
    const link = { write: () => (pongs += 1) } as unknown as Link
    const take = framesAreTaken(link, Buffer.from('pong'), (data, start, end) => {
      seen.push(data.toString('utf8', start, end))
    })
    let count = 0
    for (let at = 0; at < all.length; at += size) count += take(all.subarray(at, at + size))
    expect([count, pongs, seen.at(0)?.length, seen.at(1)?.length, seen.at(2)]).toEqual([3, 1, 200, 40, 'bye'])
  }
})
