import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { TaskDefinitionView, TaskRequest, TaskWorkerView } from '#protocol/tasks.ts'
import { openIdentityRecords } from '#server/auth/database.ts'
import { forbiddenBecause } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Bus } from '#server/broker/bus.ts'
import type { TaskSettings } from '#server/config/tasks.ts'
import type { Records } from '#server/store/records.ts'
import { loadDefinitions } from './definitions/load-definitions.ts'
import { createTaskRecords } from './records/task-records.ts'
import { type TaskRow, taskDetailOf, taskViewOf } from './records/task-row.ts'
import type { NewTask } from './records/task-submissions.ts'
import { type EmbeddedWorker, startEmbeddedWorker } from './run/embedded-worker.ts'
import { applyNews } from './run/news.ts'
import { createOutbox } from './run/outbox.ts'
import { createPushes, type PushesOptions } from './run/pushes.ts'
import { createQuota } from './run/quota.ts'
import { startSchedules } from './run/schedules.ts'
import { createTaskFiles } from './run/task-files.ts'
import { startTaskUpkeep } from './run/task-upkeep.ts'
import { createSubmissionRules } from './submission.ts'
import { TaskRefusal } from './task-refusal.ts'
import type { Tasks } from './tasks.ts'
import { createTaskThreads } from './threads/task-threads.ts'
import type { TaskTransport } from './transport.ts'

export interface TasksOptions extends Pick<PushesOptions, 'publish' | 'personalPrefix' | 'onEnded'> {
  readonly records: Pick<Records, 'engine' | 'db'>
  readonly bus: Bus
  readonly settings: TaskSettings
  /** The data folder. */
  readonly data: string
  /** What people call this node. */
  readonly name: string
  /** The same after a restart, and another on every machine. */
  readonly installation: string
  /** Opens the way to workers behind a message broker, with the queues that tasks of ours name. Default there is none. */
  readonly openTransport?: ((queues: readonly string[]) => Promise<TaskTransport>) | null
  /** What the product's tasks may ask, by name. */
  readonly answers?: TaskAnswers
  /** Whether this process carries out what waits, and looks after the rest; of those of one data folder one does. */
  readonly isActive?: boolean
  readonly log: Logger
  readonly clock?: () => number
  /** How long what runs may go on when the server stops, in milliseconds. Default 5,000. */
  readonly graceMs?: number
}

export type TaskAnswers = Readonly<Record<string, (about: unknown, owner: NewTask['owner']) => Promise<unknown>>>

const wakeKind = 'tasks.wake'
const cancelKind = 'tasks.cancel'
const cancelled = z.object({ id: z.string() })

/** Puts tasks together, and begins to carry them out. */
export async function createTasks(options: TasksOptions): Promise<Tasks> {
  const { settings, data, name, installation, bus, openTransport = null, answers = {}, log } = options
  const { isActive = true, clock = Date.now, graceMs = 5_000 } = options
  await using parts = new AsyncDisposableStack()
  const { database } = await openIdentityRecords(options.records)
  const records = createTaskRecords({ database, clock })
  const definitions = await loadDefinitions(settings.folder)
  if (isActive) for (const problem of definitions.problems) log.error(problem, 'a module with tasks was refused')
  const queues = [...definitions.byName.values()].flatMap(({ queue }) => (queue === undefined ? [] : [queue]))
  // Closed last: what is handed over until then gets through.
  const transport = openTransport === null ? null : parts.use(await openTransport([...new Set(queues)]))
  const rules = createSubmissionRules({ definitions, settings, transport, clock })
  const quota = createQuota({ records, perOwner: settings.per_owner, total: settings.total })
  const files = createTaskFiles(join(data, 'tasks'))
  const pushes = parts.use(createPushes({ ...options, log }))
  const { push: onChange, pushPassing: onProgress } = pushes
  const outbox =
    transport === null ? null : parts.use(createOutbox({ records, transport, definitions, clock, log, isActive }))
  let worker: EmbeddedWorker | null = null

  transport?.onNews(async (news) => {
    const row = await applyNews(records, news)
    if (row === undefined) return
    if (news.kind === 'progress') onProgress(row)
    else onChange(row)
  })

  if (transport !== null) for await (const sent of records.sent()) transport.follow(sent)

  /** Everything that is submitted comes through here, whoever it is from. */
  async function accept(task: NewTask): Promise<TaskRow> {
    const { row, isNew } = await records.insert(task)
    if (!isNew) return row
    onChange(row)
    if (row.place === 'broker') outbox?.send(row)
    else if (worker !== null) worker.wake()
    else tellOthers(wakeKind, {})
    return row
  }

  /** Others find out by themselves, a second later. */
  function tellOthers(kind: string, payload: unknown): void {
    bus.tell(kind, payload).catch((error: unknown) => log.warn({ err: error, kind }, 'other nodes were not told'))
  }

  async function submitFor(parent: TaskRow, request: TaskRequest): Promise<string> {
    const owner = parent.owner_id === '' ? null : { id: parent.owner_id, name: parent.owner_name }
    const task = rules.newTask(request, { identity: null, owner, parentId: parent.id })
    const known = request.id === undefined ? undefined : await records.find(request.id)
    if (known !== undefined) return sameAs(known, task).id
    await quota.take(parent.owner_id)
    return (await accept(task)).id
  }

  async function ask(task: TaskRow, question: string, about: unknown): Promise<unknown> {
    const answer = task.name.startsWith('carillon.') ? answers[question] : undefined
    if (answer === undefined) throw new Error(`This server does not answer ${question}.`)
    return answer(about, task.owner_id === '' ? null : { id: task.owner_id, name: task.owner_name })
  }

  if (isActive) {
    parts.use(startTaskUpkeep({ records, files, log, onChange }))
    if (settings.concurrency > 0) {
      const threads = parts.use(createTaskThreads({ definitions, settings, log }))
      worker = parts.use(
        await startEmbeddedWorker({
          ...{
            records,
            threads,
            definitions,
            files,
            name,
            installation,
            clock,
            log,
            onChange,
            onProgress,
            ask,
            graceMs,
          },
          submit: submitFor,
        }),
      )
    }
  }
  const schedules = parts.use(
    await startSchedules({
      ...{ database, definitions, clock, log, isActive },
      async submit(definition, id) {
        await accept(rules.newTask({ name: definition.name, id }, scheduled(definition.name)))
      },
    }),
  )
  parts.defer(bus.handle(wakeKind, () => worker?.wake()))
  parts.defer(bus.handle(cancelKind, (payload) => worker?.cancel(cancelled.parse(payload).id)))

  /** @throws TaskRefusal `not_found` */
  async function find(by: Identity, id: string): Promise<TaskRow> {
    const row = await records.find(id)
    if (row !== undefined && (oversees(by) || row.owner_id === by.userId)) return row
    throw new TaskRefusal('not_found', 'There is no such task, or it is no longer kept.')
  }

  function viewOf(definitionName: string): TaskDefinitionView {
    const definition = definitions.byName.get(definitionName)
    return {
      name: definitionName,
      description: definition?.description ?? '',
      queue: rules.queueOf(definitionName),
      arguments: definition === undefined ? null : jsonSchema(definition.arguments),
      roles: [...rules.rolesOf(definition)],
      schedule: definition?.schedule ?? null,
      nextAt: definition === undefined ? null : schedules.nextAt(definition),
    }
  }

  const opened = parts.move()
  const tasks: Tasks = {
    async submit(by, request) {
      const owner = { id: by.userId, name: by.name }
      const task = rules.newTask(request, { identity: by, owner })
      const known = request.id === undefined ? undefined : await records.find(request.id)
      if (known !== undefined) return taskViewOf(sameAs(known, task))
      await quota.take(owner.id)
      return taskViewOf(sameAs(await accept(task), task))
    },
    async get(by, id) {
      const row = await find(by, id)
      return taskDetailOf(row, await records.eventsOf(row.id))
    },
    async list(by, { limit, cursor, mine, ...filter }) {
      const owner = oversees(by) && mine === undefined ? filter.owner : by.userId
      if (!oversees(by) && filter.owner !== undefined && filter.owner !== by.userId) return { items: [], next: null }
      const { owner: _, ...rest } = filter
      const page = await records.list(
        { ...rest, ...(owner !== undefined && { owner }) },
        { limit, cursor: cursor ?? null },
      )
      return { items: page.items.map(taskViewOf), next: page.next }
    },
    async cancel(by, id) {
      const row = await find(by, id)
      const changed = await records.cancel(row.id, `By ${by.name}.`)
      if (changed === undefined)
        throw new TaskRefusal('task_ended', `The task has ended: it ${endings[row.state] ?? 'has ended'}.`)
      onChange(changed)
      if (row.place === 'broker') {
        transport
          ?.cancel(row.id)
          .catch((error: unknown) => log.warn({ err: error, task: row.id }, 'workers were not told to end a task'))
      } else if (changed.ended_at === null) {
        worker?.cancel(row.id)
        tellOthers(cancelKind, { id: row.id })
      }
      return taskViewOf(changed)
    },
    async retry(by, id) {
      const row = await find(by, id)
      if (row.ended_at === null)
        throw new TaskRefusal('task_not_ended', 'The task has not ended. Cancel it first, or wait.')
      return tasks.submit(by, { name: row.name, args: JSON.parse(row.args), queue: row.queue })
    },
    async file(by, id, wanted) {
      const row = await find(by, id)
      const file = taskViewOf(row).files.find((one) => one.name === wanted)
      if (file === undefined) throw new TaskRefusal('not_found', 'The task has written no such file.')
      return { path: files.pathOf(row.id, file.name), type: file.type }
    },
    async definitions(by) {
      const names = [...rules.knownNames()].sort()
      return names.map(viewOf).filter(({ roles }) => roles.includes(by.role))
    },
    queues: records.queues,
    async workers() {
      const embedded: readonly TaskWorkerView[] = worker === null ? [] : [worker.view()]
      return [...embedded, ...(transport?.workers() ?? [])]
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
  return tasks
}

function scheduled(name: string) {
  return { identity: null, owner: null, schedule: name } as const
}

/** A key or service with the scope `tasks` is there for its own, whatever the role of whoever made it. */
function oversees(by: Identity): boolean {
  return forbiddenBecause(by, ['admin', 'operator'], 'admin') === null
}

/** @throws TaskRefusal `task_exists` */
function sameAs(row: TaskRow, task: NewTask): TaskRow {
  if (row.owner_id === (task.owner?.id ?? '') && row.name === task.name && row.args === task.args) return row
  throw new TaskRefusal('task_exists', 'There is another task of this id. Submit this one with an id of its own.')
}

const endings: Readonly<Partial<Record<TaskRow['state'], string>>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
  expired: 'expired',
}

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}
