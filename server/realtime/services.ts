import type { Logger } from 'pino'
import type { Broker } from '#server/broker/broker.ts'
import type { Bus } from '#server/broker/bus.ts'
import type { Metrics } from '#server/metrics/metrics.ts'
import type { AccessRules } from './access.ts'
import type { Hooks } from './hooks.ts'
import type { Hub } from './hub.ts'
import type { Interest } from './interest.ts'
import type { RealtimeLimits } from './limits.ts'
import type { Pingers } from './pingers.ts'
import type { Authenticator } from './realtime.ts'
import type { Registry } from './registry.ts'
import type { RpcHandler } from './rpc.ts'
import type { SingleConnection } from './single-connection.ts'
import type { Taps } from './tap.ts'
import type { WriteTurn } from './write-turn.ts'

/** What every connection shares. */
export interface Services {
  readonly broker: Broker
  readonly bus: Bus
  readonly authenticator: Authenticator
  readonly access: AccessRules
  readonly hooks: Hooks
  readonly hub: Hub
  readonly interest: Interest
  /** Of the broker, one read for all subscribers that want the same. */
  readonly readHistory: Broker['history']
  readonly turn: WriteTurn
  readonly pingers: Pingers
  readonly registry: Registry
  readonly metrics: Metrics
  readonly taps: Taps
  readonly rpc: ReadonlyMap<string, RpcHandler>
  readonly limits: RealtimeLimits
  /** What a user's personal channel is called up to the user's id; null when nobody is subscribed to it by connecting. */
  readonly personalPrefix: string | null
  readonly singleConnection: SingleConnection
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** What the server calls itself to clients. */
  readonly version: string
}
