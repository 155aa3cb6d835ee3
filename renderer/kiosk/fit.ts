/**
 * How the words may be laid out: `words` keeps words and lines whole, `anywhere` breaks words that are too long for
 * the screen, `joined` also runs the lines together.
 */
export type Wrapping = 'words' | 'anywhere' | 'joined'

/** Smallest letters tried, in pixels: below it nobody reads anything. */
const smallest = 6
/** Largest letters, as a share of the height: one word need not fill a wall. */
const largestShare = 0.42
/** Below this share of the height, text is hard to read from afar, and keeping its lines is not worth it. */
const readableShare = 0.035

export interface Fit {
  readonly size: number
  readonly wrapping: Wrapping
}

/**
 * The largest letters, in whole pixels, with which a text fits. `fits` lays it out and looks. Breaking words or joining
 * lines is taken only where it makes the text a good deal larger.
 */
export function chooseFit(height: number, fits: (size: number, wrapping: Wrapping) => boolean): Fit {
  const largest = Math.max(smallest, Math.floor(height * largestShare))
  const at = (wrapping: Wrapping): Fit => ({
    wrapping,
    size: largestFitting(smallest, largest, (size) => fits(size, wrapping)),
  })
  const whole = at('words')
  if (whole.size >= height * readableShare * 2) return whole
  const broken = better(whole, at('anywhere'))
  if (broken.size >= height * readableShare) return broken
  return better(broken, at('joined'))
}

/** The largest whole number from `low` to `high` that fits, taking for granted that smaller ones do; `low` if none. */
export function largestFitting(low: number, high: number, fits: (size: number) => boolean): number {
  let [best, over] = [low, high + 1]
  while (over - best > 1) {
    const middle = Math.floor((best + over) / 2)
    if (fits(middle)) best = middle
    else over = middle
  }
  return best
}

function better(plain: Fit, other: Fit): Fit {
  return other.size >= plain.size * 1.3 ? other : plain
}
