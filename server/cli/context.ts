import type { Logger } from 'pino'
import type { AmqpTarget } from '#server/config/amqp.ts'
import type { Config } from '#server/config/config.ts'

/** What the commands are given: nothing in this room reads the process's environment or composes a server itself. */
export interface CliContext {
  readonly startServer: (options: {
    readonly config: Config
    readonly log: Logger
    readonly tcp: boolean
  }) => Promise<StartedServer>
  readonly startWorker: (options: {
    readonly config: Config
    readonly target: AmqpTarget
    readonly queues: readonly string[]
    readonly name: string | undefined
    readonly onShutdown: () => void
    readonly log: Logger
  }) => Promise<StartedWorker>
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

export interface StartedServer extends AsyncDisposable {
  readonly url: string
  readonly address: string
  readonly addressForOthers: string | null
  readonly transport: { readonly sentence: string; readonly fingerprint: string | null } | null
  readonly setupLink: string | null
}

export interface StartedWorker extends AsyncDisposable {
  readonly node: string
  readonly names: readonly string[]
  whenReady(timeoutMs: number): Promise<boolean>
  stop(): Promise<void>
}

/** Flags of every command that talks to a server. */
export interface TargetFlags {
  readonly url?: string
  readonly data?: string
  readonly json?: boolean
}
