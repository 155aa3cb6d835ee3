import { Centrifuge } from 'centrifuge'
import { WebSocket } from 'ws'
import { me } from '#protocol/api.ts'
import {
  finalTaskStates,
  type TaskDetail,
  type TaskState,
  type TaskView,
  taskDetail,
  taskPush,
} from '#protocol/tasks.ts'
import type { Api } from '../api.ts'
import { CliError } from '../cli-error.ts'

export interface FollowOptions {
  readonly id: string
  /** Whatever is new about it. */
  onChange(task: TaskView): void
  /** `since`: the server cannot be reached; null when it can again. */
  onOffline(isOffline: boolean): void
  /** Ends the wait, and not the task. */
  readonly signal: AbortSignal
}

/** Also looked at this often, in milliseconds: where no socket gets through, and tasks of others, nothing is pushed. */
const lookMs = 3000

/**
 * Waits for the end of a task. What is pushed to the owner's personal channel is shown as it comes; after every time that
 * the connection was away, the task is looked at.
 *
 * @throws CliError what the server answers for good, such as `not_found`; `interrupted`
 */
export async function followTask(api: Api, { id, onChange, onOffline, signal }: FollowOptions): Promise<TaskDetail> {
  const { promise, resolve, reject } = Promise.withResolvers<TaskDetail>()
  let looking = false

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    try {
      const task = await api.call('GET', `/api/v1/tasks/${id}`, taskDetail)
      onOffline(false)
      onChange(task)
      if (isFinal(task.state)) resolve(task)
    } catch (error) {
      if (error instanceof CliError && passing.has(error.code)) onOffline(true)
      else reject(error)
    } finally {
      looking = false
    }
  }

  const { socketToken } = api
  const client = new Centrifuge(api.socketUrl, {
    websocket: WebSocket,
    name: 'task',
    maxReconnectDelay: 2000,
    ...(socketToken !== null && { getToken: socketToken }),
  })
  const interrupted = () =>
    reject(new CliError('interrupted', `The task goes on. Follow it with: carillon task status ${id} --wait`))
  signal.addEventListener('abort', interrupted, { once: true })
  const timer = setInterval(() => void look(), lookMs)
  try {
    await look()
    const { id: userId } = await Promise.race([promise.then(() => ({ id: null })), whoAmI(api, signal)])
    if (userId !== null) {
      const channel = client.newSubscription(`#${userId}`)
      channel.on('subscribed', () => void look())
      channel.on('publication', ({ data }) => {
        const push = taskPush.safeParse(data)
        if (!push.success || push.data.task.id !== id) return
        if (isFinal(push.data.task.state)) void look()
        else onChange(push.data.task)
      })
      channel.subscribe()
      client.connect()
    }
    return await promise
  } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', interrupted)
    client.disconnect()
  }
}

export function isFinal(state: TaskState): boolean {
  return (finalTaskStates as readonly TaskState[]).includes(state)
}

/** Null when nobody says in time: then the task is looked at from time to time. */
async function whoAmI(api: Api, signal: AbortSignal): Promise<{ id: string | null }> {
  if (signal.aborted) return { id: null }
  try {
    return await api.call('GET', '/api/v1/me', me)
  } catch (error) {
    if (error instanceof CliError && (passing.has(error.code) || error.code === 'forbidden')) return { id: null }
    throw error
  }
}

/** What the next look may find gone. */
const passing: ReadonlySet<string> = new Set(['server_unreachable', 'unavailable', 'rate_limited', 'not_carillon'])
