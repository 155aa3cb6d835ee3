/**
 * How the pane is asked for: five taps into the upper left corner within four seconds, whatever is shown there, or a
 * chord of keys. Neither needs anything of the page below, which does not learn of it either.
 */

export interface Tap {
  /** Milliseconds on a clock that only goes forward. */
  readonly at: number
  /** From the upper left corner of the screen. */
  readonly x: number
  readonly y: number
}

/** The taps in the corner that still count, oldest first, at most four; or the fifth was made. */
export type Gesture = { readonly made: false; readonly taps: readonly number[] } | { readonly made: true }

export interface Screen {
  readonly width: number
  readonly height: number
}

export const beginGesture: Gesture = { made: false, taps: [] }
const tapsNeeded = 5
const withinMs = 4000
/** One finger may arrive twice: as a touch, and as the mouse that a system makes of it. */
const sameTouchMs = 40

/** A tap anywhere else begins anew: somebody is using the page. */
export function step(gesture: Gesture, tap: Tap, screen: Screen): Gesture {
  if (!isInCorner(tap, screen)) return beginGesture
  const taps = gesture.made ? [] : gesture.taps
  const last = taps.at(-1)
  if (last !== undefined && tap.at - last < sameTouchMs) return gesture
  const counting = [...taps.filter((at) => tap.at - at < withinMs), tap.at]
  return counting.length < tapsNeeded ? { made: false, taps: counting } : { made: true }
}

/** A square that a thumb hits without looking, on a small screen and on a wall. */
function isInCorner({ x, y }: Tap, { width, height }: Screen): boolean {
  const side = Math.min(200, Math.max(64, Math.min(width, height) * 0.12))
  return x >= 0 && y >= 0 && x < side && y < side
}

export interface Keys {
  readonly type: string
  /** Where the key is, whatever a layout or a modifier makes of it. */
  readonly code: string
  readonly control: boolean
  readonly alt: boolean
  readonly shift: boolean
  readonly isAutoRepeat: boolean
}

/** Ctrl+Alt+Shift+A. */
export function isChord({ type, code, control, alt, shift, isAutoRepeat }: Keys): boolean {
  return type === 'keyDown' && code === 'KeyA' && control && alt && shift && !isAutoRepeat
}
