import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { page } from '#protocol/api.ts'
import type { Outcome, OwnTask, OwnTasksState } from '#protocol/ipc.ts'
import { rpcErrors } from '#protocol/rpc-errors.ts'
import {
  finalTaskStates,
  type TaskArguments,
  type TaskView,
  taskDefinitionView,
  taskDetail,
  taskPush,
  taskView,
} from '#protocol/tasks.ts'
import type { Channel, Link } from './link.ts'
import type { Log } from './log.ts'
import { done, failed } from './outcome.ts'
import { failureOf } from './stream.ts'

/** The tasks of whoever is signed in: what is pushed while the socket is there, and fetched whenever it is back. */
export interface OwnTasks extends Disposable {
  readonly state: OwnTasksState
  /** Whose they are. Saying it twice gives the same. */
  belongTo(userId: string): void
  /** The socket is there again. */
  refresh(): void
  submit(name: string, args: TaskArguments): Promise<Outcome>
  cancel(id: string): Promise<Outcome>
  retry(id: string): Promise<Outcome>
}

export interface OwnTasksOptions {
  readonly link: Pick<Link, 'subscribe' | 'rpc'>
  readonly log: Log
  /** Also asks what may be started. */
  readonly withDefinitions: boolean
  onState(state: OwnTasksState): void
}

/** The newest that are kept and shown. */
export const maxOwnTasks = 20

export function createOwnTasks({ link, log, withDefinitions, onState }: OwnTasksOptions): OwnTasks {
  let state: OwnTasksState = { tasks: [], definitions: [] }
  let subscribed: { readonly userId: string; readonly channel: Channel } | null = null
  let refreshing = false
  /** Something may have changed since the refresh that is under way began. */
  let again = false
  /** Tasks that were told of since then: what the list says of them is older. */
  let told = new Set<string>()
  let isDisposed = false

  function setTasks(tasks: readonly OwnTask[]): void {
    if (isDisposed) return
    const newestFirst = tasks.toSorted((a, b) => b.task.submittedAt.localeCompare(a.task.submittedAt))
    state = { ...state, tasks: newestFirst.slice(0, maxOwnTasks) }
    onState(state)
  }

  /** What ended has ended, whatever arrives late. */
  function merge(next: OwnTask): void {
    const before = state.tasks.find(({ task }) => task.id === next.task.id)
    if (before !== undefined && isFinal(before.task) && !isFinal(next.task)) return
    const result = next.result === undefined ? before?.result : next.result
    setTasks([...state.tasks.filter((one) => one !== before), { task: next.task, result }])
  }

  function pushed(data: unknown): void {
    const push = taskPush.safeParse(data)
    if (!push.success) return // other things are published in a personal channel too
    const { task, result } = push.data
    told.add(task.id)
    merge({ task, result })
    if (task.state === 'succeeded' && result === undefined) refresh()
  }

  function refresh(): void {
    again = true
    if (!refreshing) void keepRefreshing()
  }

  async function keepRefreshing(): Promise<void> {
    refreshing = true
    while (again && !isDisposed) {
      again = false
      try {
        await fetchAll()
      } catch (error) {
        // The next connection asks again.
        log.warn('tasks not had', { error: failureOf(error).message })
      }
    }
    refreshing = false
  }

  async function fetchAll(): Promise<void> {
    told = new Set()
    if (withDefinitions) {
      const { items } = z.object({ items: z.array(taskDefinitionView) }).parse(await link.rpc('tasks.definitions', {}))
      state = { ...state, definitions: items }
    }
    const asked = { mine: 'true', limit: maxOwnTasks }
    const { items } = page(taskView).parse(await link.rpc('tasks.list', asked))
    const known = new Map(state.tasks.map((one) => [one.task.id, one]))
    const listed = items.map((task): OwnTask => {
      const before = known.get(task.id)
      if (before !== undefined && (told.has(task.id) || (isFinal(before.task) && !isFinal(task)))) return before
      return { task, result: before?.result }
    })
    const since = state.tasks.filter(({ task }) => told.has(task.id) && !items.some(({ id }) => id === task.id))
    setTasks([...listed, ...since])
    log.info('tasks read', { count: items.length })
    await fetchResults()
  }

  /** Of what ended while nobody listened. */
  async function fetchResults(): Promise<void> {
    for (const { task, result } of state.tasks) {
      if (task.state !== 'succeeded' || result !== undefined || isDisposed) continue
      const detail = taskDetail.parse(await link.rpc('tasks.get', { id: task.id }))
      merge({ task: taskView.parse(detail), result: detail.result ?? null })
    }
  }

  async function ask(method: string, data: object): Promise<Outcome> {
    try {
      const task = taskView.parse(await link.rpc(method, data))
      told.add(task.id)
      merge({ task, result: undefined })
      return done
    } catch (error) {
      const { code, message } = failureOf(error)
      log.warn('task refused', { method, code })
      return refusalOf(code, message)
    }
  }

  return {
    get state() {
      return state
    },
    belongTo(userId) {
      if (subscribed?.userId === userId || isDisposed) return
      subscribed?.channel[Symbol.dispose]()
      const channel = link.subscribe(`#${userId}`, {
        position: () => null,
        subscribed: refresh,
        publication: ({ data }) => pushed(data),
        interrupted: () => {},
        refused: () => {}, // logged; what the list says is fetched all the same
      })
      subscribed = { userId, channel }
    },
    refresh,
    submit: (name, args) => ask('tasks.submit', { id: randomUUID(), name, args }),
    cancel: (id) => ask('tasks.cancel', { id }),
    retry: (id) => ask('tasks.retry', { id }),
    [Symbol.dispose]() {
      isDisposed = true
      subscribed?.channel[Symbol.dispose]()
    },
  }
}

export function isFinal({ state }: Pick<TaskView, 'state'>): boolean {
  return (finalTaskStates as readonly string[]).includes(state)
}

/** Codes below 400 are of the SDK and the protocol: there is no connection, or it broke off. */
function refusalOf(code: number, message: string): Outcome {
  if (code === 0)
    return failed('server_unreachable', 'There is no connection to the server. Try again when it is back.')
  if (code < 400) {
    const sentence = 'The connection broke off. Whatever the server has taken up is in the list once it is back.'
    return failed('server_unreachable', sentence)
  }
  const [name = 'refused'] = Object.entries(rpcErrors).find(([, known]) => known === code) ?? []
  return failed(name, message)
}
