import { expect, test } from 'vitest'
import type { TaskView } from '#protocol/tasks.ts'
import { changePages, firstPage, newer, type TaskPages } from './task-pages.ts'

function task(at: number, more: Partial<TaskView> = {}): TaskView {
  return {
    ...{ id: `t${at}`, name: 'carillon.add', state: 'waiting', owner: null, queue: 'celery', priority: 0 },
    ...{ submittedAt: new Date(at * 1000).toISOString(), startAt: new Date(at * 1000).toISOString() },
    ...{ expiresAt: null, startedAt: null, endedAt: null, tries: 0, progress: null, note: null, worker: null },
    ...{ error: null, files: [], isCancelling: false },
    ...more,
  }
}
function pages(...items: readonly (readonly TaskView[])[]): TaskPages {
  return {
    pages: items.map((page, at) => ({ items: page, next: `after ${at}` })),
    pageParams: items.map((_page, at) => (at === 0 ? null : `after ${at - 1}`)),
  }
}
const changed = (...tasks: readonly TaskView[]) => new Map(tasks.map((one) => [one.id, one]))
const all = () => true
const rows = (list: TaskPages) => list.pages.flatMap(({ items }) => items.map(({ id, state }) => `${id} ${state}`))

test('a row changes where it stands, whichever page it was read with', () => {
  const read = pages([task(9), task(8)], [task(7), task(6)])
  const list = changePages(read, changed(task(7, { state: 'running', tries: 1 })), all)
  expect(rows(list)).toEqual(['t9 waiting', 't8 waiting', 't7 running', 't6 waiting'])
  expect(list.pages.at(-1)?.next).toBe('after 1')
})

test('a new one comes in where it belongs', () => {
  const list = changePages(pages([task(9), task(7)]), changed(task(8), task(10)), all)
  expect(rows(list).map((row) => row.split(' ')[0])).toEqual(['t10', 't9', 't8', 't7'])
})

test('what belongs to pages that were not read stays away, unless all were', () => {
  const read = pages([task(9), task(7)])
  expect(changePages(read, changed(task(3)), all)).toBe(read)
  const whole = { ...read, pages: [{ items: [task(9)], next: null }] }
  expect(rows(changePages(whole, changed(task(3)), all))).toEqual(['t9 waiting', 't3 waiting'])
})

test('what no longer fits the filter goes, and what does not fit does not come', () => {
  const list = changePages(
    pages([task(9), task(8)]),
    changed(task(9, { state: 'running' }), task(10, { state: 'running' })),
    ({ state }) => state === 'waiting',
  )
  expect(rows(list)).toEqual(['t8 waiting'])
})

test('the list does not grow for ever by what comes in', () => {
  let list = pages([task(1)])
  for (let at = 2; at < 1000; at += 1) list = changePages(list, changed(task(at)), all)
  expect(rows(list)).toHaveLength(150)
  expect(rows(changePages(list, changed(task(1, { state: 'running' })), all)).at(-1)).toBe('t1 running')
})

test('nothing is drawn again when nothing has changed', () => {
  const read = pages([task(9)])
  expect(changePages(read, changed(task(1)), all)).toBe(read)
  expect(firstPage(pages([task(9)], [task(8)]))).toEqual(pages([task(9)]))
  expect(firstPage(undefined)).toBeUndefined()
})

test('what was told too late does not bring back what is over', () => {
  const ended = task(1, { state: 'succeeded', tries: 1 })
  expect(newer(ended, task(1, { state: 'running', tries: 1 }))).toBe(ended)
  const second = task(1, { state: 'running', tries: 2 })
  expect(newer(second, task(1, { state: 'retrying', tries: 1 }))).toBe(second)
  expect(newer(second, task(1, { state: 'failed', tries: 2 })).state).toBe('failed')
})
