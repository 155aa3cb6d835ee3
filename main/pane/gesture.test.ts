import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginGesture, type Gesture, isChord, type Keys, step, type Tap } from './gesture.ts'

const small = { width: 800, height: 480 }
const corner = { x: 20, y: 20 }

function after(taps: readonly Tap[], screen = small): Gesture {
  return taps.reduce<Gesture>((gesture, tap) => step(gesture, tap, screen), beginGesture)
}
function tapsAt(...times: readonly number[]): Tap[] {
  return times.map((at) => ({ at, ...corner }))
}

test('five taps in the corner within four seconds are the gesture, four are not', () => {
  expect(after(tapsAt(0, 500, 1000, 1500)).made).toBe(false)
  expect(after(tapsAt(0, 500, 1000, 1500, 3999)).made).toBe(true)
})

test('five taps that take longer than four seconds are not, but the next one in time completes them', () => {
  expect(after(tapsAt(0, 1000, 2000, 3000, 4000)).made).toBe(false)
  expect(after(tapsAt(0, 1000, 2000, 3000, 4000, 4500)).made).toBe(true)
})

test('a tap elsewhere begins anew', () => {
  const away = { at: 900, x: 400, y: 300 }
  expect(after([...tapsAt(0, 200, 400, 600), away, ...tapsAt(1000)])).toEqual({ made: false, taps: [1000] })
})

test('one finger that arrives as a touch and as a mouse counts once', () => {
  const doubled = tapsAt(0, 500, 1000, 1500).flatMap((tap) => [tap, { ...tap, at: tap.at + 5 }])
  expect(after(doubled).made).toBe(false)
})

test('the corner grows with the screen, to the size of a hand', () => {
  const tap = { at: 0, x: 120, y: 120 }
  expect(step(beginGesture, tap, { width: 1920, height: 1080 })).toEqual({ made: false, taps: [0] })
  expect(step(beginGesture, tap, small)).toEqual(beginGesture)
  expect(step(beginGesture, { at: 0, x: 210, y: 10 }, { width: 7680, height: 4320 })).toEqual(beginGesture)
})

test('whatever is tapped, the gesture is made by exactly five taps in the corner within four seconds', () => {
  const steps = fc.array(fc.record({ wait: fc.integer({ min: 41, max: 3000 }), inside: fc.boolean() }))
  fc.assert(
    fc.property(steps, (taps) => {
      let at = 0
      let gesture: Gesture = beginGesture
      let run: number[] = []
      for (const { wait, inside } of taps) {
        at += wait
        gesture = step(gesture, inside ? { at, ...corner } : { at, x: 400, y: 300 }, small)
        run = inside ? [...run, at] : []
        const [fifthLast] = run.slice(-5)
        const made = run.length >= 5 && fifthLast !== undefined && at - fifthLast < 4000
        expect(gesture.made).toBe(made)
        if (made) run = []
      }
    }),
  )
})

test('the chord is one press of Ctrl+Alt+Shift+A and nothing less', () => {
  const chord: Keys = { type: 'keyDown', code: 'KeyA', control: true, alt: true, shift: true, isAutoRepeat: false }
  expect(isChord(chord)).toBe(true)
  for (const other of [
    { type: 'keyUp' },
    { code: 'KeyS' },
    { control: false },
    { alt: false },
    { shift: false },
    { isAutoRepeat: true },
  ])
    expect(isChord({ ...chord, ...other })).toBe(false)
})
