import type { Logger } from 'pino'
import type { TaskSettings } from '#server/config/tasks.ts'
import { formatTime } from '../times.ts'
import type { Clock } from './clock.ts'
import type { ControlMethod } from './control.ts'
import type { Events } from './events.ts'
import type { Intake } from './intake.ts'
import type { Job } from './job.ts'
import type { Revoked } from './revoked.ts'
import { queueArguments } from './topology.ts'
import type { Turns } from './turns.ts'

export interface ControlParts {
  readonly node: string
  readonly names: readonly string[]
  readonly queues: readonly string[]
  readonly concurrency: number
  readonly prefetch: () => number
  readonly broker: { readonly host: string; readonly port: number; readonly vhost: string; readonly transport: string }
  readonly settings: TaskSettings
  readonly turns: Turns
  readonly intake: Intake
  readonly revoked: Revoked
  readonly events: Events
  readonly clock: Clock
  /** Ends this worker, as a signal would. */
  readonly shutdown: () => void
  readonly log: Logger
}

/** What `celery inspect` and `celery control` know, with the replies that Python prints. */
export function controlMethods(parts: ControlParts): Readonly<Record<string, ControlMethod>> {
  const { node, names, queues, turns, intake, revoked, events, clock, settings, log } = parts
  const startedAt = Date.now()

  return {
    ping: () => ({ ok: 'pong' }),
    // Python's stamps of revoked tasks are of its own machine's clock: those of others would make them vanish.
    hello: ({ from_node }) => (from_node === node ? null : { revoked: {}, clock: clock.now() }),
    clock: () => ({ clock: clock.now() }),
    conf: () => ({}),
    report: () => ({ ok: `carillon, Node.js ${process.version}, ${queues.join(', ')}` }),
    active: () => turns.running().map(requestOf),
    reserved: () => turns.ready().map(requestOf),
    scheduled: () => intake.held().map(scheduled),
    revoked: () => revoked.ids(),
    registered: () => names,
    registered_tasks: () => names,
    query_task: ({ ids }) => queryTasks(idsIn(ids)),
    stats,
    active_queues: () => queues.map(queueView),
    revoke: ({ task_id, terminate }) => revoke(idsIn(task_id), terminate === true),
    terminate: ({ task_id }) => revoke(idsIn(task_id), true),
    enable_events: () => ({ ok: events.turn(true) ? 'task events enabled' : 'task events already enabled' }),
    disable_events: () => ({ ok: events.turn(false) ? 'task events disabled' : 'task events already disabled' }),
    heartbeat() {
      events.worker('worker-heartbeat')
      return null
    },
    shutdown() {
      if (!settings.celery.remote_shutdown) return { error: 'It is not allowed here: tasks.celery.remote_shutdown' }
      log.info('asked to stop over remote control')
      parts.shutdown()
      return { ok: 'stopping' }
    },
  }

  function stats(): unknown {
    const { maxRSS: maxrss, userCPUTime, systemCPUTime } = process.resourceUsage()
    const { host: hostname, port, vhost: virtual_host, transport } = parts.broker
    return {
      total: Object.fromEntries(turns.totals()),
      pid: process.pid,
      clock: String(clock.now()),
      uptime: Math.round((Date.now() - startedAt) / 1000),
      pool: { implementation: 'carillon threads', 'max-concurrency': parts.concurrency, processes: [process.pid] },
      broker: { hostname, port, virtual_host, transport, userid: null },
      prefetch_count: parts.prefetch(),
      rusage: { maxrss, utime: userCPUTime / 1e6, stime: systemCPUTime / 1e6 },
    }
  }

  function requestOf({ task, delivery, startedAt: since, isAcknowledged }: Job): Record<string, unknown> {
    const { exchange, routingKey: routing_key, redelivered } = delivery
    return {
      ...{ id: task.id, name: task.name, args: task.args, kwargs: task.kwargs, type: task.name, hostname: node },
      ...{ time_start: since === null ? null : since / 1000, acknowledged: isAcknowledged },
      delivery_info: { exchange, routing_key, priority: task.priority ?? 0, redelivered },
      worker_pid: since === null ? null : process.pid,
    }
  }

  function scheduled(job: Job): unknown {
    const { eta, priority } = job.task
    return { eta: eta === null ? null : formatTime(eta), priority: priority ?? 6, request: requestOf(job) }
  }

  function queryTasks(ids: readonly string[]): unknown {
    const found: [string, unknown][] = []
    for (const [state, jobs] of [
      ['active', turns.running()],
      ['reserved', [...turns.ready(), ...intake.held()]],
    ] as const) {
      for (const job of jobs) if (ids.includes(job.task.id)) found.push([job.task.id, [state, requestOf(job)]])
    }
    return Object.fromEntries(found)
  }

  function queueView(name: string): unknown {
    const exchange = { name, type: 'direct', durable: true, auto_delete: false, arguments: null, delivery_mode: 2 }
    return {
      ...{ name, exchange, routing_key: name, durable: true, exclusive: false, auto_delete: false, no_ack: false },
      ...{ queue_arguments: queueArguments(name, settings.celery), binding_arguments: null, alias: null, bindings: [] },
    }
  }

  /** What waits is dropped when its turn comes; what runs ends only where that was asked for. */
  function revoke(ids: readonly string[], terminate: boolean): unknown {
    for (const id of ids) revoked.add(id)
    if (!terminate) return { ok: `tasks ${ids.join(', ')} flagged as revoked` }
    const ended = ids.filter((id) => turns.cancel(id))
    if (ended.length > 0) return { ok: `terminate: ${ended.join(', ')}` }
    return { ok: `tasks unknown: ${ids.join(', ')}` }
  }
}

/** One, or a list of them. */
function idsIn(given: unknown): readonly string[] {
  const list = Array.isArray(given) ? given : [given]
  return list.filter((id): id is string => typeof id === 'string' && id.length <= 255).slice(0, 10_000)
}
