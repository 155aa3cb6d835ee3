import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Logger } from 'pino'

export interface FaultsOptions {
  /** Paths of the hook modules that this process has loaded. */
  readonly modules: readonly string[]
  readonly log: Logger
  /** Ends the process, in good order. Called at most once. */
  readonly stop: () => void
}

/**
 * Sees to what nobody has caught. A fault of a hook module is logged and survived: it cannot have left anything of the
 * server half done. After one of the server itself nobody knows what is, so that it ends, and clients come back to
 * the next one.
 */
export function watchFaults({ modules, log, stop }: FaultsOptions): void {
  let isStopping = false
  const take = (fault: unknown) => {
    const module = moduleOf(fault, modules)
    if (module !== null) {
      log.fatal({ err: fault, module }, 'a hook module did not catch an error of its own')
      return
    }
    log.fatal({ err: fault }, 'a fault of the server itself: it stops. Please report this.')
    if (isStopping) return
    isStopping = true
    stop()
  }
  process.on('unhandledRejection', take)
  process.on('uncaughtException', take)
}

/** What the server is made of. */
const ownFolders = ['server/', 'protocol/', 'node_modules/'].map(
  (path) => new URL(`../../${path}`, import.meta.url).href,
)

/** The hook module that a fault comes from, all of them where it could be any, or null when it is the server's own. */
export function moduleOf(fault: unknown, modules: readonly string[]): string | null {
  if (modules.length === 0) return null
  const stack = fault instanceof Error ? (fault.stack ?? '') : ''
  const named = modules.find((path) => isNamed(stack, pathToFileURL(path).href))
  if (named !== undefined) return named
  // What somebody forgot to wait for has no trace of who did: a fetch that fails has frames of Node alone.
  return ownFolders.some((folder) => isNamed(stack, folder)) ? null : modules.join(', ')
}

/** Frames of ES modules have addresses, those of CommonJS paths. */
function isNamed(stack: string, href: string): boolean {
  return stack.includes(href) || stack.includes(fileURLToPath(href))
}
