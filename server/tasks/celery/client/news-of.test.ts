import { expect, test } from 'vitest'
import type { TaskResult } from '../result-document.ts'
import { begunBy, newsOf, type Phase, unnamedWorker } from './news-of.ts'

const id = '6f1c1f5e-6a52-4f5f-9d2c-0b8f3f3e0001'
const waiting: Phase = { kind: 'waiting' }
const running: Phase = { kind: 'running', worker: 'a@lab', since: 5 }
const options = { now: 10, maxResult: 100 }

function stored(status: string, result: unknown): TaskResult {
  return {
    id,
    status,
    result,
    traceback: 'File "/srv/secret.py"',
    children: [],
    doneAt: null,
    group: null,
    parentId: null,
  }
}

function exception(type: string, module: string, ...args: readonly unknown[]) {
  return { exc_type: type, exc_message: args, exc_module: module }
}

test('that it has begun is told once for each worker', () => {
  const begun = newsOf(stored('STARTED', { pid: 1, hostname: 'a@lab' }), waiting, options)
  expect(begun).toEqual({
    news: [{ kind: 'started', id, worker: 'a@lab' }],
    phase: { kind: 'running', worker: 'a@lab', since: 10 },
  })
  expect(newsOf(stored('STARTED', { pid: 1, hostname: 'a@lab' }), begun.phase, options).news).toEqual([])
  expect(newsOf(stored('STARTED', { pid: 2, hostname: 'b@lab' }), begun.phase, options).news).toHaveLength(1)
  expect(begunBy('a@lab', id, { kind: 'retrying', since: 1 }, 10).news).toHaveLength(1)
})

test('one that tells its progress has begun, whoever runs it', () => {
  expect(newsOf(stored('PROGRESS', { current: 1, total: 4 }), waiting, options).news).toEqual([
    { kind: 'started', id, worker: unnamedWorker },
    { kind: 'progress', id, fraction: 0.25, note: null },
  ])
  expect(newsOf(stored('PROGRESS', 'no object'), running, options).news).toEqual([
    { kind: 'progress', id, fraction: null, note: null },
  ])
  expect(newsOf(stored('UPLOADING', { percent: 50 }), running, options).news).toEqual([
    { kind: 'progress', id, fraction: 0.5, note: 'uploading' },
  ])
})

test.each([
  ['time_limit', exception('TimeLimitExceeded', 'billiard.exceptions', 3)],
  ['worker_exited', exception('WorkerLostError', 'billiard.exceptions', 'signal 9')],
  ['unknown_task', exception('NotRegistered', 'celery.exceptions', 'py.nobody')],
  // One of an application that only has the same name.
  ['TimeLimitExceeded', exception('TimeLimitExceeded', 'app', 3)],
])('a failure is told as %s', (type, result) => {
  const { news, phase } = newsOf(stored('FAILURE', result), running, options)
  expect(news).toEqual([{ kind: 'failed', id, error: { type, message: expect.any(String) } }])
  expect(phase).toEqual({ kind: 'ended' })
  expect(JSON.stringify(news)).not.toContain('secret.py')
})

test('what has expired and what was cancelled are told apart', () => {
  const revoked = (why: string) => stored('REVOKED', exception('TaskRevokedError', 'celery.exceptions', why))
  expect(newsOf(revoked('expired'), waiting, options).news).toEqual([{ kind: 'expired', id }])
  expect(newsOf(revoked('terminated'), running, options).news).toEqual([
    { kind: 'cancelled', id, reason: 'terminated' },
  ])
})

test('a result is plain JSON of a bounded size', () => {
  const date = { __type__: 'datetime', __value__: '2026-01-02T03:04:05' }
  expect(newsOf(stored('SUCCESS', { date }), running, options).news).toEqual([
    { kind: 'succeeded', id, result: '{"date":"2026-01-02T03:04:05"}' },
  ])
  expect(newsOf(stored('SUCCESS', 'x'.repeat(200)), running, options).news).toMatchObject([
    { kind: 'failed', error: { type: 'result_too_large' } },
  ])
})
