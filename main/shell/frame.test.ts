import { describe, expect, test } from 'vitest'
import { type Frame, isBlank, laidOver } from './frame.ts'

describe('a frame', () => {
  test('of one colour is blank, also with noise nobody sees and a speck', () => {
    const frame = filled(200, 100, [255, 255, 255])
    expect(isBlank(frame)).toBe(true)
    for (let at = 0; at < frame.bitmap.length; at += 28) frame.bitmap[at] = 251
    paint(frame, 90, 50, 3, 3, [0, 0, 0])
    expect(isBlank(frame)).toBe(true)
  })

  test('with a line of text is not, wherever it stands', () => {
    for (const [x, y] of [
      [0, 0],
      [180, 90],
      [100, 50],
    ] as const) {
      const frame = filled(200, 100, [20, 20, 20])
      paint(frame, x, y, 20, 2, [230, 230, 230])
      expect(isBlank(frame)).toBe(false)
    }
  })

  test('without pixels is not judged', () => {
    expect(isBlank({ width: 0, height: 0, bitmap: Buffer.alloc(0) })).toBeNull()
    expect(isBlank({ width: 2, height: 2, bitmap: Buffer.alloc(3) })).toBeNull()
  })

  test('is laid over another at its place and cut at its edge', () => {
    const under = filled(4, 3, [1, 1, 1])
    const over = filled(4, 3, [9, 9, 9])
    const { width, height, bitmap } = laidOver(under, over, 1, 1)
    const rows = Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => bitmap[(y * width + x) * 4]).join(''),
    )
    expect(rows).toEqual(['1111', '1999', '1999'])
    expect(under.bitmap[20]).toBe(1)
  })
})

type Colour = readonly [number, number, number]

function filled(width: number, height: number, colour: Colour): Frame {
  const frame = { width, height, bitmap: Buffer.alloc(width * height * 4, 255) }
  paint(frame, 0, 0, width, height, colour)
  return frame
}

function paint(frame: Frame, left: number, top: number, width: number, height: number, colour: Colour): void {
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) frame.bitmap.set(colour, (y * frame.width + x) * 4)
  }
}
