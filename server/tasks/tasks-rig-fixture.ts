import { join } from 'node:path'
import { pino } from 'pino'
import type { TaskPush, TaskView } from '#protocol/tasks.ts'
import type { Identity } from '#server/auth/identity.ts'
import { createLocalBus } from '#server/broker/local-bus.ts'
import { taskSettings } from '#server/config/tasks.ts'
import type { PublishCall } from '#server/realtime/realtime.ts'
import { openRecords } from '#server/store/records.ts'
import { openStore } from '#server/store/store.ts'
import { postgresOfTest } from '#test/support/postgres-database.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { createTasks, type TasksOptions } from './create-tasks.ts'
import { siteFolder } from './threads/threads-fixture.ts'

export const ada: Identity = {
  kind: 'user',
  userId: 'ada',
  sessionId: '1',
  name: 'Ada',
  email: 'a@b',
  role: 'operator',
}
export const vic: Identity = { kind: 'user', userId: 'vic', sessionId: '2', name: 'Vic', email: 'v@b', role: 'viewer' }

export interface TasksRigOptions
  extends Partial<Pick<TasksOptions, 'openTransport' | 'answers' | 'clock' | 'graceMs'>> {
  readonly modules?: Readonly<Record<string, string>>
  readonly settings?: Record<string, unknown>
  readonly data?: string
}

/** Tasks as a server has them, on a real file with real threads; what is pushed is kept. */
export async function startTasks({
  modules = {},
  settings = {},
  data = temporaryFolder(),
  ...given
}: TasksRigOptions = {}) {
  await using parts = new AsyncDisposableStack()
  const log = pino({ level: 'silent' })
  const store = parts.use(await openStore({ path: join(data, 'carillon.sqlite') }))
  const records = parts.use(await openRecords({ store, target: await postgresOfTest(data), log }))
  const bus = parts.use(createLocalBus({ log }))
  const pushed: (TaskPush & { readonly channel: string })[] = []
  const publish = async (_: Identity, { channel, data: message }: PublishCall) => {
    pushed.push({ ...(message as TaskPush), channel })
    return { ok: true, offset: 1, epoch: 'e' } as const
  }
  const tasks = parts.use(
    await createTasks({
      ...{ records, bus, publish, log, data, name: 'lab_8750', installation: `lab:${data}`, personalPrefix: '' },
      settings: taskSettings.parse({ concurrency: 2, folder: siteFolder(modules), ...settings }),
      ...given,
    }),
  )
  const opened = parts.move()
  return {
    tasks,
    data,
    pushed,
    /** Those of one task to its owner. */
    statesOf: ({ id }: TaskView, channel = '#ada') =>
      pushed.filter((push) => push.channel === channel && push.task.id === id).map(({ task }) => task.state),
    /** How it ended. */
    async end({ id }: Pick<TaskView, 'id'>) {
      const giveUpAt = performance.now() + 30_000
      for (;;) {
        const task = await tasks.get(ada, id)
        if (task.endedAt !== null) return task
        if (performance.now() > giveUpAt) throw new Error(`${task.name} is ${task.state} still`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
