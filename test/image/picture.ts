import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A screenshot in shades of grey, one for every square of 4 by 4 pixels. */
export type Picture = readonly number[]

const width = 320
const height = 200
/** The app moves its picture a little every few minutes; in squares. */
const drift = 8

export async function readPicture(file: string): Promise<Picture> {
  const shape = [
    '-colorspace',
    'gray',
    '-blur',
    '0x3',
    '-filter',
    'box',
    '-resize',
    `${width}x${height}!`,
    '-depth',
    '8',
    'gray:-',
  ]
  const { stdout } = await execute('convert', [file, ...shape], { encoding: 'buffer' })
  return [...stdout]
}

/** How far apart two pictures are, from 0 to 255, when one is laid over the other where it fits best. */
export function distance(one: Picture, other: Picture): number {
  let least = Number.POSITIVE_INFINITY
  for (let down = -drift; down <= drift; down++) {
    for (let right = -drift; right <= drift; right++) least = Math.min(least, apart(one, other, right, down))
  }
  return least
}

/** Below this two screenshots show the same message, whatever the time beside it and wherever the app has moved it. */
export const sameWithin = 25

/** Reads the QR code on a screenshot as a phone would; null when there is none. */
export async function readQrCode(file: string): Promise<string | null> {
  try {
    const { stdout } = await execute('zbarimg', ['--quiet', '--raw', file])
    return stdout.trim()
  } catch {
    return null // its way to say that there is none
  }
}

/** The root of the mean square, over what both have in common. */
function apart(one: Picture, other: Picture, right: number, down: number): number {
  let sum = 0
  for (let y = drift; y < height - drift; y++) {
    for (let x = drift; x < width - drift; x++) {
      sum += ((one[y * width + x] ?? 0) - (other[(y + down) * width + x + right] ?? 0)) ** 2
    }
  }
  return Math.sqrt(sum / ((width - 2 * drift) * (height - 2 * drift)))
}
