import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Config } from '#server/config/config.ts'
import { isLoopback, isWildcard } from '#server/config/network.ts'
import { machineNames } from '#server/config/origins.ts'
import type { CertificateFiles } from '#server/config/tls.ts'
import { ListenError } from '../listen.ts'
import { readCertificate } from './certificate.ts'
import { keepSelfSigned, selfSignedFiles } from './self-signed.ts'

/** How requests come to a server, in words for whoever starts it. */
export interface Transport extends Disposable {
  readonly scheme: 'http' | 'https'
  readonly sentence: string
  /** SHA-256, of a certificate that nobody but this server vouches for. */
  readonly fingerprint: string | null
}

type TransportConfig = Pick<Config, 'tls' | 'host' | 'data' | 'public_url' | 'trusted_proxies'>

const dayMs = 24 * 60 * 60 * 1000

/**
 * Prepares what TLS needs, for all processes of a server, and refuses to let passwords and tokens pass unprotected. For
 * whoever holds the data folder. Disposing of it ends the renewal of a certificate of its own.
 *
 * @throws ListenError `plain_http`, TlsError
 */
export async function prepareTransport(config: TransportConfig, log: Logger): Promise<Transport> {
  const { tls } = config
  const files = certificateFiles(config)
  if (files === null) {
    return { scheme: 'http', sentence: plainSentence(config), fingerprint: null, [Symbol.dispose]() {} }
  }
  if (tls !== 'self-signed') {
    const until = readCertificate(files).leaf.validToDate.toISOString().slice(0, 10)
    const sentence = `TLS with the certificate ${files.cert}, valid until ${until}.`
    return { scheme: 'https', sentence, fingerprint: null, [Symbol.dispose]() {} }
  }
  const names = namesOf(config)
  const also = machineNames(config)
  await keepSelfSigned(config.data, names, { also })
  const fingerprint = readCertificate(files).leaf.fingerprint256
  const renewal = setInterval(() => {
    keepSelfSigned(config.data, names, { also }).catch((error: unknown) => {
      log.error({ err: error }, 'the certificate could not be renewed')
    })
  }, dayMs)
  renewal.unref()
  const sentence = `TLS with a certificate of its own, ${files.cert}, which clients have to be told to trust.\nIts SHA-256 fingerprint: ${fingerprint}`
  return { scheme: 'https', sentence, fingerprint, [Symbol.dispose]: () => clearInterval(renewal) }
}

/** Null where HTTP is plain. */
export function certificateFiles({ tls, data }: Pick<Config, 'tls' | 'data'>): CertificateFiles | null {
  if (tls === undefined) return null
  return tls === 'self-signed' ? selfSignedFiles(data) : tls
}

/**
 * Who can connect without TLS.
 *
 * @throws ListenError `plain_http` where that would be anybody
 */
export function plainSentence({ host, trusted_proxies }: Pick<Config, 'host' | 'trusted_proxies'>): string {
  if (isLoopback(host)) return 'Plain HTTP: only programs on this machine can connect, a reverse proxy among them.'
  if (trusted_proxies.length > 0) {
    return `Plain HTTP on ${host}: see that only your proxies reach this port, since passwords pass here unprotected.`
  }
  const sentence = `Over plain HTTP everybody on the way to ${host} could read passwords and tokens. Give --tls cert.pem,key.pem (or --tls self-signed), or put a reverse proxy in front and name it in trusted_proxies, or listen on 127.0.0.1.`
  throw new ListenError('plain_http', sentence)
}

/** Every name under which somebody may reach this machine's server. */
function namesOf({ host, public_url }: TransportConfig): string[] {
  const names = new Set(['localhost', '127.0.0.1', '::1', hostname()])
  if (!isWildcard(host)) names.add(host)
  if (public_url !== undefined) names.add(new URL(public_url).hostname.replace(/^\[|\]$/g, ''))
  return [...names]
}
