import { expect, test } from 'vitest'
import type { TaskView } from '#protocol/tasks.ts'
import { addressFor, filterIn, fits, noFilter, queryFor, type TaskFilter } from './task-filter.ts'

const task: TaskView = {
  ...{ id: '0b0c2b6e-0000-4000-8000-000000000001', name: 'reports.monthly', state: 'running', queue: 'reports' },
  ...{ owner: { id: 'u1', name: 'Ada Lovelace' }, priority: 0, submittedAt: '2026-03-12T08:00:00.000Z' },
  ...{ startAt: '2026-03-12T08:00:00.000Z', expiresAt: null, startedAt: null, endedAt: null, tries: 1 },
  ...{ progress: null, note: null, worker: null, error: null, files: [], isCancelling: false },
}
/** Half an hour later. */
const now = Date.parse('2026-03-12T08:30:00.000Z')

test('a filter is the same after its way through an address', () => {
  const filter = { ...noFilter, state: 'failed', name: 'a b&c', owner: 'Ödön', period: 'week' as const }
  const { searchParams } = new URL(addressFor(filter), 'http://localhost')
  expect(filterIn(searchParams)).toEqual(filter)
})

test('what no server would understand is left out of an address', () => {
  expect(filterIn(new URLSearchParams('state=lost&period=century&other=1'))).toEqual(noFilter)
})

test('a name is the beginning of one, whether or not somebody says so', () => {
  expect(queryFor({ ...noFilter, name: ' reports. ' }, now).name).toBe('reports.*')
  expect(queryFor({ ...noFilter, name: 'reports.*' }, now).name).toBe('reports.*')
  expect(queryFor(noFilter, now).name).toBe('')
})

test.each([
  [{}, true],
  [{ state: 'running' }, true],
  [{ state: 'failed' }, false],
  [{ name: 'reports.*' }, true],
  [{ name: 'carillon.' }, false],
  [{ owner: 'Ada Lovelace ' }, true],
  [{ owner: 'u1' }, true],
  [{ owner: 'u2' }, false],
  [{ queue: 'celery' }, false],
  [{ period: 'hour' }, true],
  [{ period: 'days', from: '2026-03-13' }, false],
  [{ period: 'days', to: '2026-03-13' }, true],
  [{ period: 'days', to: '2026-03-10' }, false],
] as [Partial<TaskFilter>, boolean][])('what comes in live is held against the filter: %o', (fields, expected) => {
  expect(fits(queryFor({ ...noFilter, ...fields }, now), task)).toBe(expected)
})

test('the server is asked for moments, and a span is open to what comes', () => {
  const asked = queryFor({ ...noFilter, period: 'hour' }, now)
  expect(asked).toEqual({ state: '', name: '', owner: '', queue: '', from: '2026-03-12T07:30:00.000Z', until: '' })
})

test('what a schedule submitted is nobody’s', () => {
  expect(fits(queryFor({ ...noFilter, owner: 'Ada Lovelace' }, now), { ...task, owner: null })).toBe(false)
})
