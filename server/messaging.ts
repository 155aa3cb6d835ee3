import type { Logger } from 'pino'
import { type Amqp, openAmqp } from './amqp/amqp.ts'
import type { Config } from './config/config.ts'
import { createIngest, type Ingest } from './ingest/ingest.ts'
import { createOutward, type Outward } from './ingest/outward.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Realtime } from './realtime/realtime.ts'

/** What connects this process with RabbitMQ. The server starts without it, and does what it can while it is away. */
export interface Messaging extends AsyncDisposable {
  readonly amqp: Amqp
  /** Null when nothing goes out. */
  readonly outward: Outward | null
  /** Begins to take events: one process of each node does. Whoever begins, ends it. */
  ingest(realtime: Realtime): Ingest
  state(): MessagingState
}

/** `blocked`: RabbitMQ is there and takes nothing, as it has run out of disk or memory. */
export type MessagingState = 'up' | 'away' | 'blocked'

export interface MessagingOptions {
  readonly config: Pick<Config, 'amqp_url' | 'amqp'>
  readonly metrics: Metrics
  /** What people call this node. */
  readonly name: string
  readonly log: Logger
}

/** Null where there is no RabbitMQ. */
export function openMessaging({ config, metrics, name, log: parent }: MessagingOptions): Messaging | null {
  const { amqp_url: target, amqp: settings } = config
  if (target === undefined) return null
  const log = parent.child({ room: 'ingest' })
  const amqp = openAmqp({ target, name, log: parent.child({ room: 'amqp' }) })
  const { namespaces, presence, tasks } = settings.outward
  const goesOut = namespaces.length > 0 || presence || tasks
  const outward = goesOut ? createOutward({ amqp, settings: settings.outward, metrics, log }) : null
  let ingest: Ingest | null = null
  metrics.amqp.watch(() => state() === 'up')

  return {
    amqp,
    outward,
    ingest(realtime) {
      ingest = createIngest({ amqp, settings, realtime, metrics, log })
      return ingest
    },
    state,
    async [Symbol.asyncDispose]() {
      await outward?.[Symbol.asyncDispose]()
      await amqp[Symbol.asyncDispose]()
    },
  }

  function state(): MessagingState {
    if (!amqp.isUp() || ingest?.isUp() === false) return 'away'
    return amqp.publishing.blocked() === null ? 'up' : 'blocked'
  }
}
