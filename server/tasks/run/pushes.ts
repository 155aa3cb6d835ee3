import type { Logger } from 'pino'
import type { TaskPush } from '#protocol/tasks.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { PublishCall, PublishOutcome } from '#server/realtime/realtime.ts'
import { type TaskRow, taskViewOf } from '../records/task-row.ts'

/** Tells owners and operators of every change. */
export interface Pushes extends AsyncDisposable {
  push(row: TaskRow): void
  /** The same, and it is not kept: whoever was away wants to know how it stands and not how it got there. */
  pushPassing(row: TaskRow): void
}

export interface PushesOptions {
  publish(by: Identity, call: PublishCall): Promise<PublishOutcome>
  /** Before `#` in the name of a personal channel: empty, or a namespace with its colon. */
  readonly personalPrefix: string
  /** Told of each that has come to its end. */
  readonly onEnded?: ((push: TaskPush) => void) | undefined
  readonly log: Logger
}

/** Larger results are fetched. */
const pushedResultCharacters = 16 * 1024
const server: Identity = { kind: 'local', userId: 'local', name: 'Carillon', role: 'admin' }

export function createPushes({ publish, personalPrefix, onEnded, log }: PushesOptions): Pushes {
  /** What is told of one task stays in its order. */
  const underWay = new Map<string, Promise<void>>()

  async function tell(row: TaskRow, skipHistory: boolean): Promise<void> {
    const small = row.result !== null && row.result.length <= pushedResultCharacters
    const data: TaskPush = {
      type: 'task',
      task: taskViewOf(row),
      ...(small && row.result !== null && { result: JSON.parse(row.result) }),
    }
    if (row.ended_at !== null) onEnded?.(data)
    // A task that is nobody's is for operators alone.
    const channels = [...(row.owner_id === '' ? [] : [`${personalPrefix}#${row.owner_id}`]), 'tasks:all']
    const outcomes = await Promise.all(channels.map((channel) => publish(server, { channel, data, skipHistory })))
    for (const outcome of outcomes) {
      if (outcome.ok || outcome.error === 'unknownChannel') continue
      log.warn({ task: row.id, reason: outcome.message }, 'a change of a task was not pushed')
    }
  }

  function inOrder(row: TaskRow, skipHistory: boolean): void {
    const before = underWay.get(row.id) ?? Promise.resolve()
    const told = before
      .then(() => tell(row, skipHistory))
      .catch((error: unknown) => log.error({ err: error, task: row.id }, 'a change of a task was not pushed'))
      .finally(() => {
        if (underWay.get(row.id) === told) underWay.delete(row.id)
      })
    underWay.set(row.id, told)
  }

  return {
    push: (row) => inOrder(row, false),
    pushPassing: (row) => inOrder(row, true),
    async [Symbol.asyncDispose]() {
      await Promise.all(underWay.values())
    },
  }
}
