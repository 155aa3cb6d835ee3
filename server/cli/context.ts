import type { Logger } from 'pino'
import type { Config } from '#server/config/config.ts'

/** What the commands are given: nothing in this room reads the process's environment or composes a server itself. */
export interface CliContext {
  readonly startServer: (options: {
    readonly config: Config
    readonly log: Logger
    readonly tcp: boolean
  }) => Promise<AsyncDisposable & { readonly url: string; readonly address: string; readonly setupLink: string | null }>
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/** Flags of every command that talks to a server. */
export interface TargetFlags {
  readonly url?: string
  readonly data?: string
  readonly json?: boolean
}
