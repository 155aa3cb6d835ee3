import { randomUUID } from 'node:crypto'
import { Command, Option } from 'commander'
import { page } from '#protocol/api.ts'
import {
  type TaskDetail,
  type TaskView,
  taskDefinitionView,
  taskDetail,
  taskRequest,
  taskStates,
  taskView,
} from '#protocol/tasks.ts'
import { type Api, openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { spanMs } from '../span.ts'
import { collect, withTarget } from '../target-options.ts'
import { followTask, isFinal } from '../tasks/follow-task.ts'
import { createProgressLine } from '../tasks/progress-line.ts'
import { parseArguments } from '../tasks/task-arguments.ts'
import { detailWords, endOf, rowOf, rowTitles } from '../tasks/task-words.ts'

export function taskCommand(context: CliContext): Command {
  const command = new Command('task')
    .description('long work: start it, follow it, cancel it')
    .addHelpText(
      'after',
      '\nExamples:\n  carillon task submit carillon.add --arg x=2 --arg y=3 --wait\n  carillon task list --state running',
    )
  for (const create of [submit, status, cancel, retry, list, definitions])
    command.addCommand(withTarget(create(context)))
  return command
}

interface SubmitFlags extends TargetFlags {
  readonly arg?: readonly string[]
  readonly wait?: boolean
  readonly eta?: string
  readonly countdown?: string
  readonly expires?: string
  readonly queue?: string
  readonly priority?: string
  readonly id?: string
}

const submit = (context: CliContext) =>
  new Command('submit')
    .description('start a task')
    .argument('<name>', 'such as carillon.fleet_report; "carillon task definitions" lists them')
    .option('--arg <name=value>', 'an argument; may be given several times; or all of them once, as JSON', collect)
    .option('--wait', 'wait for its end, with a progress bar on a terminal, and print its result')
    .option('--eta <time>', 'begin no sooner than this: 2026-01-02T03:04:05Z')
    .option('--countdown <span>', 'begin no sooner than this from now: 30s, 12h')
    .option('--expires <span>', 'give up if it has not begun after this: 5m')
    .option('--queue <name>', 'another queue than its own')
    .option('--priority <0-9>', 'another priority than its own; 9 is first')
    .option('--id <uuid>', 'the id to give it: sent twice, it is one task')
    .addHelpText(
      'after',
      `
Examples:
  carillon task submit carillon.add --arg x=2 --arg y=3 --wait
  carillon task submit carillon.webhook --arg '{"url":"https://example.org/hook","body":{"n":1}}' --countdown 30s
  carillon task submit carillon.fleet_report --wait --json`,
    )
    .action(async (name: string, flags: SubmitFlags) => {
      const id = flags.id ?? randomUUID()
      const request = requestOf(name, id, flags)
      await using api = await openApi(context, flags, { offline: false })
      const task = await api.call('POST', '/api/v1/tasks', taskView, request).catch((error: unknown) => {
        throw repeatable(error, id)
      })
      if (flags.wait) return finish(await follow(api, id), flags)
      print(flags.json, task, `Submitted ${name}. Follow it with: carillon task status ${id} --wait`)
    })

const status = (context: CliContext) =>
  new Command('status')
    .description('show where a task is, what happened to it, and its result')
    .argument('<id>')
    .option('--wait', 'wait for its end')
    .addHelpText('after', '\nExample:\n  carillon task status 0190b6f2-7c1e-7d3a-9a70-5f1d2c3b4a59 --wait')
    .action(async (id: string, flags: TargetFlags & { readonly wait?: boolean }) => {
      checkId(id)
      await using api = await openApi(context, flags, { offline: false })
      if (flags.wait) return finish(await follow(api, id), flags)
      const task = await api.call('GET', `/api/v1/tasks/${id}`, taskDetail)
      print(flags.json, task, detailWords(task))
      if (isFinal(task.state) && task.state !== 'succeeded') process.exitCode = 1
    })

const cancel = (context: CliContext) =>
  new Command('cancel')
    .description('cancel a task: at once while it waits; one that runs is asked to end')
    .argument('<id>')
    .action(async (id: string, flags: TargetFlags) => {
      checkId(id)
      await using api = await openApi(context, flags, { offline: false })
      const task = await api.call('POST', `/api/v1/tasks/${id}/cancel`, taskView)
      print(flags.json, task, task.isCancelling ? `Asked ${task.name} to end.` : `Cancelled ${task.name}.`)
    })

const retry = (context: CliContext) =>
  new Command('retry')
    .description('run a task that has ended once more, as a new one')
    .argument('<id>')
    .action(async (id: string, flags: TargetFlags) => {
      checkId(id)
      await using api = await openApi(context, flags, { offline: false })
      const task = await api.call('POST', `/api/v1/tasks/${id}/retry`, taskView)
      print(flags.json, task, `Submitted ${task.name} again. Follow it with: carillon task status ${task.id} --wait`)
    })

interface ListFlags extends TargetFlags {
  readonly state?: string
  readonly name?: string
  readonly mine?: boolean
  readonly limit: string
}

const list = (context: CliContext) =>
  new Command('list')
    .description('show tasks, the newest first')
    .addOption(new Option('--state <state>', 'only those').choices(taskStates))
    .option('--name <name>', 'only those, or those that begin so: "reports.*"')
    .option('--mine', 'only your own')
    .option('--limit <number>', 'how many', '50')
    .addHelpText('after', '\nExample:\n  carillon task list --state failed --name "reports.*"')
    .action(async (flags: ListFlags) => {
      const limit = /^\d{1,6}$/.test(flags.limit) ? Number(flags.limit) : 0
      if (limit === 0) throw usageError('bad_limit', 'Give a number of tasks from 1 to 999999, such as --limit 200.')
      const query = new URLSearchParams()
      if (flags.state !== undefined) query.set('state', flags.state)
      if (flags.name !== undefined) query.set('name', flags.name)
      if (flags.mine) query.set('mine', 'true')
      await using api = await openApi(context, flags, { offline: false })
      const tasks = await newest(api, query, limit)
      print(flags.json, tasks, tasks.length === 0 ? 'There are no such tasks.' : table(rowTitles, tasks.map(rowOf)))
    })

const definitions = (context: CliContext) =>
  new Command('definitions').description('show the tasks that you may start').action(async (flags: TargetFlags) => {
    await using api = await openApi(context, flags, { offline: false })
    const { items } = await api.call('GET', '/api/v1/task-definitions', page(taskDefinitionView))
    const rows = items.map(({ name, arguments: schema, queue, schedule, description }) => [
      ...[name, schema === null ? '?' : Object.keys(schema.properties ?? {}).join(','), queue, schedule ?? '-'],
      description,
    ])
    const words = table(['NAME', 'ARGUMENTS', 'QUEUE', 'SCHEDULE', 'WHAT IT DOES'], rows)
    print(flags.json, items, rows.length === 0 ? 'There is no task that you may start.' : words)
  })

function requestOf(name: string, id: string, flags: SubmitFlags) {
  const { arg = [], eta, countdown, expires, queue, priority } = flags
  const at = eta === undefined ? undefined : new Date(eta)
  if (at !== undefined && Number.isNaN(at.getTime())) {
    throw usageError('bad_time', `${eta} is not a time. Give one such as 2026-01-02T03:04:05Z.`)
  }
  const parsed = taskRequest.safeParse({
    ...{ name, id, args: parseArguments(arg) },
    ...(at && { eta: at.toISOString() }),
    ...(countdown !== undefined && { countdown: spanMs(countdown) / 1000 }),
    ...(expires !== undefined && { expires: spanMs(expires) / 1000 }),
    ...(queue !== undefined && { queue }),
    ...(priority !== undefined && { priority: Number(priority) }),
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw usageError('bad_request', `${issue?.path.join('.')}: ${issue?.message}`)
}

function checkId(id: string): void {
  if (!taskView.shape.id.safeParse(id).success) {
    throw usageError('bad_id', `${id} is not the id of a task. "carillon task list --json" shows them whole.`)
  }
}

/** Says how to send it again where it may have been accepted. */
function repeatable(error: unknown, id: string): unknown {
  if (!(error instanceof CliError) || !['unavailable', 'server_unreachable'].includes(error.code)) return error
  return new CliError(error.code, `${error.message} To start it once and not twice, add --id ${id}`, { cause: error })
}

async function follow(api: Api, id: string): Promise<TaskDetail> {
  const line = createProgressLine(process.stderr)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    return await followTask(api, { id, onChange: line.show, onOffline: line.setOffline, signal: stop.signal })
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    line.clear()
  }
}

/** The result goes to standard output; what went wrong is an error of the command. */
function finish(task: TaskDetail, flags: TargetFlags): void {
  if (flags.json) {
    print(true, task, '')
    if (task.state !== 'succeeded') process.exitCode = 1
    return
  }
  if (task.state !== 'succeeded') throw new CliError(`task_${task.state}`, endOf(task))
  print(false, task, endOf(task))
}

async function newest(api: Api, query: URLSearchParams, limit: number): Promise<readonly TaskView[]> {
  const tasks: TaskView[] = []
  let cursor: string | null = null
  do {
    query.set('limit', String(Math.min(limit - tasks.length, 500)))
    if (cursor !== null) query.set('cursor', cursor)
    const answer: { items: TaskView[]; next: string | null } = await api.call(
      'GET',
      `/api/v1/tasks?${query}`,
      page(taskView),
    )
    tasks.push(...answer.items)
    cursor = answer.next
  } while (cursor !== null && tasks.length < limit)
  return tasks
}
