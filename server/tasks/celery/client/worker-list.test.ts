import { expect, test } from 'vitest'
import { createWorkerList, workerEvent } from './worker-list.ts'

const heartbeat = (hostname: string, more: object = {}) =>
  workerEvent.parse({ type: 'worker-heartbeat', hostname, freq: 2, sw_ident: 'py-celery', ...more })

test('a worker is there from its first heartbeat until it says goodbye or falls silent', () => {
  let now = 1_000_000
  const list = createWorkerList(() => now)
  expect(list.heartbeat(heartbeat('a@lab'))).toBe(true)
  expect(list.heartbeat(heartbeat('a@lab'))).toBe(false)
  expect(list.heartbeat(heartbeat('b@lab', { sw_ident: 'carillon' }))).toBe(true)
  expect(list.views()).toMatchObject([
    { name: 'a@lab', kind: 'celery' },
    { name: 'b@lab', kind: 'carillon' },
  ])
  list.heartbeat(heartbeat('b@lab', { type: 'worker-offline' }))
  now += 9_000
  expect(list.views()).toMatchObject([{ name: 'a@lab' }])
  now += 2_000
  expect(list.views()).toEqual([])
})

test('what a worker answers is taken as far as it has the form', () => {
  const list = createWorkerList()
  list.heartbeat(heartbeat('a@lab'))
  expect(list.areUnknown()).toBe(true)
  list.answered('a@lab', 'registered', ['py.add', 'py.slow [rate_limit=10/m]', 7])
  list.answered('a@lab', 'active_queues', [{ name: 'celery', routing_key: 'celery' }, 'no queue'])
  list.answered('a@lab', 'stats', { pool: { 'max-concurrency': 4, processes: [1] } })
  const running = list.answered('a@lab', 'active', [{ id: '1', name: 'py.add', time_start: 1_767_323_045 }, null])
  expect(list.areUnknown()).toBe(false)
  expect([...list.names()]).toEqual(['py.add', 'py.slow'])
  expect(running).toEqual([{ id: '1', name: 'py.add', startedAt: '2026-01-02T03:04:05.000Z' }])
  expect(list.views()).toMatchObject([{ concurrency: 4, queues: ['celery'], running }])
  for (const method of ['registered', 'active_queues', 'stats', 'active']) {
    expect(list.answered('a@lab', method, { error: 'no such method' })).toEqual([])
  }
})
