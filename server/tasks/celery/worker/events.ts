import { loadavg } from 'node:os'
import type { Publisher } from '#server/amqp/publisher.ts'
import { argsRepr, pythonRepr } from '../python-repr.ts'
import type { TaskMessage } from '../task-message.ts'
import { formatTime } from '../times.ts'
import type { Clock } from './clock.ts'

/** What monitors such as Flower are told. Those of tasks can be switched off; that this worker lives is always told. */
export interface Events {
  areOn(): boolean
  /** Answers whether that changes anything. */
  turn(on: boolean): boolean
  received(task: TaskMessage): void
  task(type: TaskEventType, id: string, more?: Readonly<Record<string, unknown>>): void
  worker(type: 'worker-online' | 'worker-heartbeat' | 'worker-offline'): void
}

export type TaskEventType =
  | 'task-started'
  | 'task-succeeded'
  | 'task-failed'
  | 'task-retried'
  | 'task-rejected'
  | 'task-revoked'

export interface EventsOptions {
  readonly publisher: Publisher
  readonly exchange: string
  /** `reports@host`. */
  readonly node: string
  readonly version: string
  readonly clock: Clock
  readonly on: boolean
  /** Running tasks, and how many have ended. */
  counts(): { readonly active: number; readonly processed: number }
}

/** How often it is told that this worker lives, in seconds. */
export const heartbeatSeconds = 2

export function createEvents(options: EventsOptions): Events {
  const { publisher, exchange, node, version, clock, counts } = options
  let { on } = options
  return {
    areOn: () => on,
    turn(wanted) {
      const changes = on !== wanted
      on = wanted
      return changes
    },
    received(task) {
      if (!on) return
      const { id, name, rootId, parentId, retries, eta, expires } = task
      send('task-received', {
        ...{ uuid: id, name: task.shadow ?? name, root_id: rootId, parent_id: parentId, retries },
        args: task.argsRepr ?? argsRepr(task.args),
        kwargs: task.kwargsRepr ?? pythonRepr(task.kwargs),
        eta: eta === null ? null : formatTime(eta),
        expires: expires === null ? null : formatTime(expires),
      })
    },
    task(type, id, more) {
      if (on) send(type, { uuid: id, ...more })
    },
    worker(type) {
      const { active, processed } = counts()
      send(type, {
        ...{
          freq: heartbeatSeconds,
          active,
          processed,
          loadavg: loadavg().map((load) => Math.round(load * 100) / 100),
        },
        ...{ sw_ident: 'carillon', sw_ver: version, sw_sys: process.platform === 'linux' ? 'Linux' : process.platform },
      })
    },
  }

  function send(type: string, fields: Readonly<Record<string, unknown>>): void {
    const event = {
      ...{ hostname: node, utcoffset: new Date().getTimezoneOffset() / 60, pid: process.pid, clock: clock.tick() },
      ...{ timestamp: Date.now() / 1000, type, ...fields },
    }
    publisher
      .publish({
        ...{ exchange, routingKey: type.replace('-', '.'), content: Buffer.from(JSON.stringify(event)) },
        ...{ persistent: false, mandatory: false, contentType: 'application/json', contentEncoding: 'utf-8' },
        headers: { hostname: node },
      })
      .catch(() => {}) // nobody can be told of it: what monitors miss they miss
  }
}
