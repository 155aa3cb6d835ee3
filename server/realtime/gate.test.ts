import { expect, test, vi } from 'vitest'
import { createGate, type GateOptions } from './gate.ts'

const none = Number.POSITIVE_INFINITY
let now = 0

function gateWith(limits: Partial<GateOptions['limits']>) {
  now = 0
  return createGate({
    limits: {
      maxConnections: 1_000,
      maxWaiting: 1_000,
      maxWaitingPerAddress: none,
      maxPerAddress: none,
      acceptsPerSecond: none,
      ...limits,
    },
    keyOf: (address) => (address === 'loopback' ? null : address),
    clock: () => now,
  })
}
const stay = () => {}

test('only so many come in a second, and whoever is refused does not make the others wait longer', () => {
  const gate = gateWith({ acceptsPerSecond: 2 })
  gate.enter('a', true, stay)
  gate.enter('b', true, stay)
  for (let attempt = 0; attempt < 100; attempt++) expect(gate.refusal('c')).toBe('rate')
  now = 500
  expect(gate.refusal('c')).toBeNull()
  gate.enter('c', true, stay)
  expect(gate.refusal('d')).toBe('rate')
})

test('those who have been let in are counted apart from those who wait', () => {
  const gate = gateWith({ maxConnections: 1 })
  const first = gate.enter('a', false, stay)
  const second = gate.enter('b', false, stay)
  expect(gate.refusal('c')).toBeNull()
  first.letIn()
  expect(gate.refusal('c')).toBe('connections')
  second.leave()
  first.leave()
  first.leave()
  expect(gate.refusal('c')).toBeNull()
})

test('when too many wait the oldest of them makes way, and nobody who has been let in', () => {
  const gate = gateWith({ maxWaiting: 2 })
  const ends = Array.from({ length: 5 }, () => vi.fn())
  const [first, ...others] = ends.map((end) => gate.enter('a', false, end))
  // Two of them made way already, and their sockets go a moment later.
  expect(ends.map((end) => end.mock.calls.length)).toEqual([1, 1, 1, 0, 0])
  first?.leave()
  others[2]?.letIn()
  gate.enter('b', false, stay)
  gate.enter('b', false, stay)
  expect(ends.map((end) => end.mock.calls.length)).toEqual([1, 1, 1, 0, 1])
})

test('an address has so many that wait, and so many at all', () => {
  const gate = gateWith({ maxWaitingPerAddress: 1, maxPerAddress: 2 })
  const first = gate.enter('a', false, stay)
  expect(gate.refusal('a')).toBe('waiting')
  expect(gate.refusal('b')).toBeNull()
  first.letIn()
  expect(gate.refusal('a')).toBeNull()
  const second = gate.enter('a', true, stay)
  expect(gate.refusal('a')).toBe('address')
  second.leave()
  expect(gate.refusal('a')).toBeNull()
})

test('an address that is not counted has no bound of its own', () => {
  const gate = gateWith({ maxWaitingPerAddress: 1, maxPerAddress: 1 })
  for (let n = 0; n < 10; n++) gate.enter('loopback', false, stay)
  expect(gate.refusal('loopback')).toBeNull()
})
