import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A screenshot as 64 by 40 shades of grey: what is shown, without the few pixels by which it drifts. */
export type Picture = readonly number[]

const width = 64
const height = 40

export async function readPicture(file: string): Promise<Picture> {
  const shape = ['-colorspace', 'gray', '-filter', 'box', '-resize', `${width}x${height}!`, '-depth', '8', 'gray:-']
  const { stdout } = await execute('convert', [file, ...shape], { encoding: 'buffer' })
  return [...stdout]
}

/** How far apart two pictures are, from 0 to 255: the root of the mean square. */
export function distance(one: Picture, other: Picture): number {
  const squares = one.map((shade, at) => (shade - (other[at] ?? 0)) ** 2)
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
}

/** Below this two screenshots show the same; a strip along an edge that says "offline" is more. */
export const sameWithin = 4

/** Reads the QR code on a screenshot as a phone would; null when there is none. */
export async function readQrCode(file: string): Promise<string | null> {
  try {
    const { stdout } = await execute('zbarimg', ['--quiet', '--raw', file])
    return stdout.trim()
  } catch {
    return null // its way to say that there is none
  }
}
