import type { TaskError } from '#protocol/tasks.ts'
import { resultText } from '../../threads/result-text.ts'
import type { TaskNews } from '../../transport.ts'
import { decodeError, messageOf } from '../exceptions.ts'
import { decodeProgress } from '../progress.ts'
import type { TaskResult } from '../result-document.ts'
import { taskStateOf } from '../states.ts'
import { withoutTags } from '../tagged.ts'

/** What has been told of a task so far. */
export type Phase =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly worker: string; readonly since: number }
  | { readonly kind: 'retrying'; readonly since: number }
  | { readonly kind: 'ended' }

/** Who is said to run a task whose worker does not say so: `task_track_started` is off in Python by default. */
export const unnamedWorker = 'Celery'

/** What a state that a worker has stored says, after what was told before. */
export function newsOf(
  result: TaskResult,
  before: Phase,
  { now, maxResult }: { readonly now: number; readonly maxResult: number },
): { readonly news: readonly TaskNews[]; readonly phase: Phase } {
  const { id, status } = result
  const state = taskStateOf(status, result.result)
  switch (state) {
    case 'waiting':
      return { news: [], phase: before }
    case 'running':
      return running(result, before, now)
    case 'retrying':
      return {
        // When it goes on, the worker does not say.
        news: [...begun(before, id), { kind: 'retrying', id, error: errorOf(result), nextAt: now }],
        phase: { kind: 'retrying', since: now },
      }
    case 'succeeded':
      return { news: [succeeded(result, maxResult)], phase: { kind: 'ended' } }
    case 'failed':
      return { news: [{ kind: 'failed', id, error: errorOf(result) }], phase: { kind: 'ended' } }
    case 'cancelled':
      return {
        news: [{ kind: 'cancelled', id, reason: messageOf(remoteErrorOf(result)) }],
        phase: { kind: 'ended' },
      }
    case 'expired':
      return { news: [{ kind: 'expired', id }], phase: { kind: 'ended' } }
    default:
      return state satisfies never
  }
}

/** Of a task that some worker says it runs. */
export function begunBy(
  worker: string,
  id: string,
  before: Phase,
  now: number,
): { readonly news: readonly TaskNews[]; readonly phase: Phase } {
  const isKnown = before.kind === 'running' && (before.worker === worker || worker === unnamedWorker)
  if (isKnown || before.kind === 'ended') return { news: [], phase: before }
  return { news: [{ kind: 'started', id, worker }], phase: { kind: 'running', worker, since: now } }
}

function running({ id, status, result }: TaskResult, before: Phase, now: number) {
  if (status === 'STARTED') return begunBy(hostnameIn(result), id, before, now)
  const { news, phase } = begunBy(unnamedWorker, id, before, now)
  const { fraction, note } = decodeProgress(result)
  // Another word is what an application calls what it is at.
  const told = note ?? (status === 'PROGRESS' ? null : status.slice(0, 100).toLowerCase())
  return { news: [...news, { kind: 'progress', id, fraction, note: told } as const], phase }
}

/** One that fails before anybody has said that it has begun, has begun. */
function begun(before: Phase, id: string): readonly TaskNews[] {
  return before.kind === 'running' ? [] : [{ kind: 'started', id, worker: unnamedWorker }]
}

function succeeded({ id, result }: TaskResult, maxResult: number): TaskNews {
  const text = resultText(withoutTags(result), maxResult)
  if (text.ok) return { kind: 'succeeded', id, result: text.text }
  return { kind: 'failed', id, error: { type: text.type, message: text.message } }
}

function errorOf(result: TaskResult): TaskError {
  const error = remoteErrorOf(result)
  return { type: error.type, message: messageOf(error) }
}

function remoteErrorOf({ result, status }: TaskResult) {
  return decodeError(result) ?? { type: 'Error', args: typeof result === 'string' ? [result] : [status] }
}

function hostnameIn(result: unknown): string {
  if (typeof result !== 'object' || result === null || !('hostname' in result)) return unnamedWorker
  return typeof result.hostname === 'string' && result.hostname !== '' ? result.hostname.slice(0, 255) : unnamedWorker
}
