import type { Logger } from 'pino'
import type { Config } from '#server/config/config.ts'

/** What the commands are given: nothing in this room reads the process's environment or composes a server itself. */
export interface CliContext {
  readonly startServer: (options: {
    readonly config: Config
    readonly log: Logger
    readonly tcp: boolean
  }) => Promise<StartedServer>
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

export interface StartedServer extends AsyncDisposable {
  readonly url: string
  readonly address: string
  readonly transport: { readonly sentence: string; readonly fingerprint: string | null } | null
  readonly setupLink: string | null
}

/** Flags of every command that talks to a server. */
export interface TargetFlags {
  readonly url?: string
  readonly data?: string
  readonly json?: boolean
}
