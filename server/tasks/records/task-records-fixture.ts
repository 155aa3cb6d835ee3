import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { openIdentityRecords } from '#server/auth/database.ts'
import { openRecords } from '#server/store/records.ts'
import { openStore } from '#server/store/store.ts'
import { postgresOfTest } from '#test/support/postgres-database.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { createTaskRecords } from './task-records.ts'
import type { NewTask } from './task-submissions.ts'

/** Real records, with a clock that can be put forward. */
export async function openTaskRecords(path = join(temporaryFolder(), 'carillon.sqlite')) {
  await using parts = new AsyncDisposableStack()
  const store = parts.use(await openStore({ path }))
  const log = pino({ level: 'silent' })
  const records = parts.use(await openRecords({ store, target: await postgresOfTest(path), log }))
  const { database } = await openIdentityRecords(records)
  let aheadMs = 0
  const clock = () => Date.now() + aheadMs
  const opened = parts.move()
  return {
    tasks: createTaskRecords({ database, clock }),
    database,
    clock,
    forward(seconds: number) {
      aheadMs += seconds * 1000
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

export const ada = { id: 'ada-id', name: 'Ada' }
export const bob = { id: 'bob-id', name: 'Bob' }

export function newTask(given: Partial<NewTask> = {}): NewTask {
  return {
    id: randomUUID(),
    name: 'reports.monthly',
    owner: ada,
    queue: 'celery',
    priority: 0,
    place: 'server',
    args: '{}',
    startAt: 0,
    expiresAt: null,
    keepSeconds: 3600,
    parentId: null,
    schedule: null,
    ...given,
  }
}
