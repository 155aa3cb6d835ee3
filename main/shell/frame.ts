/** Pixels as Electron hands them out: four bytes each, row after row. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly bitmap: Buffer
}

/** How far two shades of one byte may be apart and still look the same. */
const tolerance = 6
/** A page of which less than this share differs from the rest shows nothing anybody could read. */
const specks = 0.0005

/** Whether a frame is of one colour, but for a few specks. Null when there is no frame to judge. */
export function isBlank({ width, height, bitmap }: Frame): boolean | null {
  const pixels = width * height
  if (pixels === 0 || bitmap.length < pixels * 4) return null
  const usual = mostUsual(bitmap, pixels)
  let others = 0
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = pixel * 4
    for (let channel = 0; channel < 3; channel++) {
      if (Math.abs((bitmap[at + channel] ?? 0) - (bitmap[usual + channel] ?? 0)) <= tolerance) continue
      others++
      break
    }
    if (others > pixels * specks) return false
  }
  return true
}

/** One frame laid over another, its left upper corner at this place; what reaches beyond is cut off. */
export function laidOver(under: Frame, over: Frame, x: number, y: number): Frame {
  const bitmap = Buffer.from(under.bitmap)
  const width = Math.min(over.width, under.width - x)
  const height = Math.min(over.height, under.height - y)
  if (x < 0 || y < 0 || width <= 0 || height <= 0) return { ...under, bitmap }
  for (let row = 0; row < height; row++) {
    const from = row * over.width * 4
    over.bitmap.copy(bitmap, ((row + y) * under.width + x) * 4, from, from + width * 4)
  }
  return { ...under, bitmap }
}

/** Where a pixel of the ground is: the colour of most of a few places, so that a speck at one of them decides nothing. */
function mostUsual(bitmap: Buffer, pixels: number): number {
  const places = Array.from({ length: 9 }, (_, index) => Math.floor(((index + 0.5) * pixels) / 9) * 4)
  const votes = new Map<number, { at: number; count: number }>()
  for (const at of places) {
    const colour = bitmap.readUIntBE(at, 3)
    const vote = votes.get(colour) ?? { at, count: 0 }
    vote.count++
    votes.set(colour, vote)
  }
  return [...votes.values()].reduce((best, one) => (one.count > best.count ? one : best)).at
}
