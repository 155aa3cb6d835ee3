/** Lamport's clock, by which monitors put what several workers tell into order. */
export interface Clock {
  /** For the next thing that is told. */
  tick(): number
  /** Something else was told at this time. */
  saw(other: unknown): void
  now(): number
}

export function createClock(): Clock {
  let value = 0
  return {
    tick: () => ++value,
    saw(other) {
      if (typeof other === 'number' && Number.isSafeInteger(other) && other >= 0) value = Math.max(value, other) + 1
    },
    now: () => value,
  }
}
