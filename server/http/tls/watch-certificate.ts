import { statSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import type { CertificateFiles } from '#server/config/tls.ts'
import { type Certificate, readCertificate, warningAbout } from './certificate.ts'
import { TlsError } from './tls-error.ts'

export interface WatchOptions {
  readonly files: CertificateFiles
  /** The one in use. */
  readonly first: Certificate
  readonly server: { setSecureContext(options: SecureContextOptions): void }
  readonly log: Logger
  /** Between two looks, in milliseconds. Default a second. */
  readonly everyMs?: number
}

const dayMs = 24 * 60 * 60 * 1000

/**
 * Takes up a renewed certificate for new connections; those there are go on with the one they have. Looks at the files
 * and does not ask to be told of changes, which for the symbolic links of certbot and Kubernetes nobody would be.
 */
export function watchCertificate({ files, first, server, log, everyMs = 1_000 }: WatchOptions): Disposable {
  let current = first
  let taken = stateOf(files)
  let seen = taken
  const lookTimer = setInterval(look, everyMs)
  const warnTimer = setInterval(warn, dayMs)
  for (const timer of [lookTimer, warnTimer]) timer.unref()
  warn()

  return {
    [Symbol.dispose]() {
      clearInterval(lookTimer)
      clearInterval(warnTimer)
    },
  }

  function look(): void {
    const state = stateOf(files)
    // What changed since the last look may still be being written, one file after the other.
    const isSettled = state === seen
    seen = state
    if (!isSettled || state === taken) return
    taken = state
    try {
      current = readCertificate(files)
      server.setSecureContext(current.options)
      const { fingerprint256: fingerprint, validTo } = current.leaf
      log.info({ fingerprint, validTo }, 'a new certificate is in use')
      warn()
    } catch (error) {
      // Told once for every state of the files, and until they are right the old one holds.
      const { code, message } = error instanceof TlsError ? error : { code: 'internal', message: String(error) }
      log.error({ code }, `the new certificate is not used, and the one before it holds: ${message}`)
    }
  }

  function warn(): void {
    const warning = warningAbout(current, files, Date.now())
    if (warning !== null) log.warn(warning)
  }
}

/** Changes whenever one of the files does. */
function stateOf({ cert, key }: CertificateFiles): string {
  return [cert, key]
    .map((path) => {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
      return stat === undefined ? 'absent' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`
    })
    .join(' ')
}
