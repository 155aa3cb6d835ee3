import type { Logger } from 'pino'
import type { Broker } from './broker/broker.ts'
import type { Bus } from './broker/bus.ts'
import { createLocalBus } from './broker/local-bus.ts'
import { createMemoryBroker } from './broker/memory-broker.ts'
import type { Config } from './config/config.ts'
import type { Ephemeral } from './store/ephemeral.ts'
import { createMemoryEphemeral } from './store/memory-ephemeral.ts'
import type { Store } from './store/store.ts'

/** What the nodes of an installation share. The rooms above do not know which one they were given. */
export interface Engine extends AsyncDisposable {
  readonly broker: Broker
  readonly bus: Bus
  readonly ephemeral: Ephemeral
}

export interface EngineOptions {
  readonly config: Config
  readonly store: Pick<Store, 'path'>
  readonly log: Logger
}

/** Chooses what the configuration asks for. Parts are closed in reverse. */
export async function openEngine({ store, log }: EngineOptions): Promise<Engine> {
  await using parts = new AsyncDisposableStack()
  const ephemeral = parts.use(createMemoryEphemeral())
  const bus = parts.use(createLocalBus({ log: log.child({ room: 'bus' }) }))
  const broker = parts.use(createMemoryBroker({ store, log: log.child({ room: 'broker' }) }))
  const opened = parts.move()
  return { broker, bus, ephemeral, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
