import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ada, bob, newTask, openTaskRecords } from './task-records-fixture.ts'
import type { TaskRow } from './task-row.ts'
import { taskDetailOf, taskViewOf } from './task-row.ts'

type Opened = Awaited<ReturnType<typeof openTaskRecords>>

const claimOf = ({ clock, tasks }: Opened, by = 'node-1') =>
  tasks.claim({ by, until: clock() + 30_000, worker: 'lab_8750' })

async function claimed(opened: Opened): Promise<TaskRow> {
  const row = await claimOf(opened)
  if (row === undefined) throw new Error('nothing waits')
  return row
}

describe('a task in the records', () => {
  test('is submitted once, however often its id comes', async () => {
    await using opened = await openTaskRecords()
    const task = newTask({ args: '{"month":"2026-10"}' })
    expect(await opened.tasks.insert(task)).toMatchObject({ isNew: true, row: { state: 'waiting', turn: 1 } })
    expect(await opened.tasks.insert({ ...task, args: '{}' })).toMatchObject({ isNew: false, row: { args: task.args } })
    expect(await opened.tasks.eventsOf(task.id)).toHaveLength(1)
  })

  test('is claimed by one, ends once, and tells its life', async () => {
    await using opened = await openTaskRecords()
    const { id } = newTask()
    await opened.tasks.insert(newTask({ id }))
    const row = await claimed(opened)
    expect(row).toMatchObject({ id, state: 'running', tries: 1, worker: 'lab_8750' })
    expect(await claimOf(opened)).toBeUndefined()
    await opened.tasks.progress(id, 0.5, 'half')
    const ended = await opened.tasks.finish(id, { state: 'succeeded', result: '{"rows":3}' }, 1)
    expect(ended && taskViewOf(ended)).toMatchObject({ state: 'succeeded', progress: 1, note: 'half', error: null })
    expect(await opened.tasks.finish(id, { state: 'failed', error: { type: 'E', message: 'no' } })).toBeUndefined()
    expect(await opened.tasks.cancel(id, 'too late')).toBeUndefined()
    expect(await opened.tasks.retrying(id, { type: 'E', message: 'no' }, opened.clock())).toBeUndefined()
    expect(await opened.tasks.started(id, 'other')).toBeUndefined()
    expect(await opened.tasks.progress(id, 0.1, null)).toBeUndefined()
    const found = await opened.tasks.find(id)
    const detail = taskDetailOf(found as TaskRow, await opened.tasks.eventsOf(id))
    expect(detail).toMatchObject({ state: 'succeeded', result: { rows: 3 }, owner: ada, isCancelling: false })
    expect(detail.events.map(({ kind }) => kind)).toEqual(['submitted', 'started', 'succeeded'])
    expect(Date.parse(detail.keptUntil ?? '') - Date.parse(detail.endedAt ?? '')).toBeGreaterThanOrEqual(3_600_000)
  })

  test('of two ends at the same instant one holds', async () => {
    await using opened = await openTaskRecords()
    const { id } = newTask()
    await opened.tasks.insert(newTask({ id }))
    await claimed(opened)
    const ends = await Promise.all([
      opened.tasks.finish(id, { state: 'succeeded', result: '1' }),
      opened.tasks.finish(id, { state: 'cancelled', reason: 'by Ada' }),
      opened.tasks.finish(id, { state: 'failed', error: { type: 'E', message: 'no' } }),
    ])
    expect(ends.filter((end) => end !== undefined)).toHaveLength(1)
    expect((await opened.tasks.eventsOf(id)).map(({ kind }) => kind)).toHaveLength(3)
  })

  test('is tried again when its time has come', async () => {
    await using opened = await openTaskRecords()
    const { id } = newTask()
    await opened.tasks.insert(newTask({ id }))
    await claimed(opened)
    await opened.tasks.retrying(id, { type: 'Error', message: 'no route' }, opened.clock() + 60_000, 1)
    expect(await opened.tasks.promote()).toBe(0)
    expect(await claimOf(opened)).toBeUndefined()
    expect(await opened.tasks.nextDueAt()).toBeGreaterThan(opened.clock() + 50_000)
    opened.forward(61)
    expect(await opened.tasks.promote()).toBe(1)
    expect(await claimed(opened)).toMatchObject({ id, tries: 2, failures: 1, error_type: null })
    // What the first try has to say now is about nothing.
    expect(await opened.tasks.retrying(id, { type: 'E', message: '' }, 0, 1)).toBeUndefined()
    expect(await opened.tasks.eventsOf(id)).toMatchObject([
      { kind: 'submitted' },
      { kind: 'started', try: 1 },
      { kind: 'retried', try: 1, reason: 'Error: no route' },
      { kind: 'started', try: 2 },
    ])
  })

  test('waits for its time, and expires when it has not begun', async () => {
    await using opened = await openTaskRecords()
    const now = opened.clock()
    const { id } = newTask()
    await opened.tasks.insert(newTask({ id, startAt: now + 60_000, expiresAt: now + 90_000 }))
    expect(await claimOf(opened)).toBeUndefined()
    opened.forward(91)
    expect((await opened.tasks.overdue(0)).map((row) => row.id)).toEqual([id])
    expect(await opened.tasks.finish(id, { state: 'expired' })).toMatchObject({ state: 'expired' })
    expect(await opened.tasks.promote()).toBe(0)
    expect(await opened.tasks.overdue(0)).toEqual([])
  })

  test('is not begun once it has expired, though it stood in line; a second try is', async () => {
    await using opened = await openTaskRecords()
    const [late, again] = [newTask(), newTask()]
    await opened.tasks.insert({ ...again, expiresAt: opened.clock() + 30_000 })
    await claimed(opened)
    await opened.tasks.retrying(again.id, { type: 'E', message: '' }, opened.clock() + 40_000, 1)
    await opened.tasks.insert({ ...late, expiresAt: opened.clock() + 30_000, priority: 5 })
    opened.forward(41)
    await opened.tasks.promote()
    expect(await claimed(opened)).toMatchObject({ id: again.id, tries: 2 })
    expect(await claimOf(opened)).toBeUndefined()
    expect(await opened.tasks.find(late.id)).toMatchObject({ state: 'waiting', started_at: null })
  })

  test('is cancelled at once while it waits, and asked to end while it runs', async () => {
    await using opened = await openTaskRecords()
    const [first, second] = [newTask(), newTask()]
    await opened.tasks.insert(first)
    await claimed(opened)
    await opened.tasks.insert(second)
    expect(await opened.tasks.cancel(second.id, 'by Ada')).toMatchObject({ state: 'cancelled' })
    expect(await claimOf(opened)).toBeUndefined()
    const asked = await opened.tasks.cancel(first.id, 'by Ada')
    expect(asked && taskViewOf(asked)).toMatchObject({ state: 'running', isCancelling: true })
    await opened.tasks.cancel(first.id, 'by Ada')
    expect((await opened.tasks.eventsOf(first.id)).map(({ kind }) => kind)).toEqual([
      'submitted',
      'started',
      'cancelling',
    ])
    expect(await opened.tasks.renew('node-1', [first.id, second.id], opened.clock() + 1)).toEqual([first.id])
    expect(await opened.tasks.renew('node-2', [first.id], opened.clock() + 1)).toEqual([])
    expect(await opened.tasks.renew('node-1', [], opened.clock() + 1)).toEqual([])
  })

  test('is begun again when whoever had it is gone', async () => {
    await using opened = await openTaskRecords()
    const { id } = newTask()
    await opened.tasks.insert(newTask({ id }))
    await claimed(opened)
    expect(await opened.tasks.abandoned()).toEqual([])
    expect((await opened.tasks.claimedBy('node-1')).map((row) => row.id)).toEqual([id])
    opened.forward(31)
    const [row] = await opened.tasks.abandoned()
    await opened.tasks.release(row as TaskRow, 'The server ended.')
    expect(await claimed(opened)).toMatchObject({ id, tries: 2, losses: 1, failures: 0 })
    expect((await opened.tasks.eventsOf(id)).map(({ kind }) => kind)).toEqual([
      'submitted',
      'started',
      'lost',
      'started',
    ])
  })

  test('is forgotten when it has been kept for long enough', async () => {
    await using opened = await openTaskRecords()
    const { id } = newTask()
    await opened.tasks.insert(newTask({ id }))
    await opened.tasks.finish(id, { state: 'cancelled', reason: 'by Ada' })
    expect(await opened.tasks.outlived()).toEqual([])
    opened.forward(3601)
    expect(await opened.tasks.outlived()).toEqual([id])
    await opened.tasks.remove([id])
    expect(await opened.tasks.find(id)).toBeUndefined()
    expect(await opened.tasks.eventsOf(id)).toEqual([])
  })
})

describe('whose turn it is', () => {
  test('goes by priority first, and then from owner to owner', async () => {
    await using opened = await openTaskRecords()
    for (let count = 1; count <= 5; count++) await opened.tasks.insert(newTask({ args: `{"n":"ada ${count}"}` }))
    for (let count = 1; count <= 2; count++) {
      await opened.tasks.insert(newTask({ owner: bob, args: `{"n":"bob ${count}"}` }))
    }
    await opened.tasks.insert(newTask({ owner: null, priority: 5, args: '{"n":"first"}' }))
    const order: string[] = []
    for (let row = await claimOf(opened); row !== undefined; row = await claimOf(opened)) {
      order.push(JSON.parse(row.args).n)
    }
    expect(order).toEqual(['first', 'ada 1', 'bob 1', 'ada 2', 'bob 2', 'ada 3', 'ada 4', 'ada 5'])
  })

  test('two who take at the same instant get different ones', async () => {
    await using opened = await openTaskRecords()
    for (let count = 0; count < 20; count++) await opened.tasks.insert(newTask())
    const taken: string[] = []
    // One that was in another's way takes again.
    const take = async (by: string) => {
      for (let misses = 0; misses < 20; ) {
        const row = await claimOf(opened, by)
        if (row === undefined) misses++
        else taken.push(row.id)
      }
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(take))
    expect(taken).toHaveLength(20)
    expect(new Set(taken).size).toBe(20)
  })
})

describe('lists of tasks', () => {
  test('are paged, the newest first, by what is asked for', async () => {
    await using opened = await openTaskRecords()
    const ids: string[] = []
    for (let count = 0; count < 7; count++) {
      const { row } = await opened.tasks.insert(
        newTask({
          id: randomUUID(),
          name: count % 2 === 0 ? 'reports.monthly' : 'backup',
          owner: count < 4 ? ada : bob,
        }),
      )
      ids.unshift(row.id)
    }
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof opened.tasks.list>> = await opened.tasks.list({}, { limit: 3, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.next
    } while (cursor !== null)
    expect(seen).toEqual(ids)
    const count = async (filter: Parameters<typeof opened.tasks.list>[0]) =>
      (await opened.tasks.list(filter, { limit: 100, cursor: null })).items.length
    expect(await count({ name: 'backup' })).toBe(3)
    expect(await count({ name: 'rep*' })).toBe(4)
    expect(await count({ name: 're_*' })).toBe(0)
    expect(await count({ owner: bob.id })).toBe(3)
    // Or by the name they had when they submitted it.
    expect(await count({ owner: bob.name })).toBe(3)
    expect(await count({ owner: bob.name.slice(0, -1) })).toBe(0)
    expect(await count({ owner: bob.id, name: 'backup' })).toBe(1)
    expect(await count({ state: 'waiting', queue: 'celery' })).toBe(7)
    expect(await count({ state: 'succeeded' })).toBe(0)
    expect(await count({ from: new Date(opened.clock() + 1000).toISOString() })).toBe(0)
    expect(await count({ until: new Date(opened.clock() + 1000).toISOString() })).toBe(7)
    await expect(opened.tasks.list({}, { limit: 3, cursor: 'abc' })).rejects.toMatchObject({ code: 'bad_arguments' })
  })

  test('of queues say how many wait and since when', async () => {
    await using opened = await openTaskRecords()
    await opened.tasks.insert(newTask())
    await opened.tasks.insert(newTask())
    await opened.tasks.insert(newTask({ queue: 'reports', startAt: opened.clock() + 60_000 }))
    const row = await claimed(opened)
    expect(await opened.tasks.queues()).toEqual([
      { name: 'celery', waiting: 1, running: 1, oldestAt: expect.any(String) },
      { name: 'reports', waiting: 1, running: 0, oldestAt: null },
    ])
    expect(await opened.tasks.unfinished()).toBe(3)
    await opened.tasks.finish(row.id, { state: 'succeeded', result: 'null' })
    expect(await opened.tasks.unfinishedOf(ada.id)).toBe(2)
  })
})

test('what the message broker is to have is known until it has it', async () => {
  await using opened = await openTaskRecords()
  const task = newTask({ place: 'broker' })
  await opened.tasks.insert(task)
  expect(await claimOf(opened)).toBeUndefined()
  expect((await opened.tasks.unsent(10, opened.clock())).map(({ id }) => id)).toEqual([task.id])
  await opened.tasks.markSent(task.id)
  expect(await opened.tasks.unsent(10, opened.clock())).toEqual([])
  expect(await opened.tasks.started(task.id, 'celery@lab')).toMatchObject({ state: 'running', tries: 1 })
})
