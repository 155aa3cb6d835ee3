import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { CertificateFiles } from '#server/config/tls.ts'
import { TlsError } from './tls-error.ts'

/** A certificate and the key that belongs to it: TLS can be spoken with them. */
export interface Certificate {
  /** Nothing older than TLS 1.2 is spoken. */
  readonly options: SecureContextOptions
  /** The server's own, the first of its chain. */
  readonly leaf: X509Certificate
}

/**
 * Reads both files and looks whether they belong together.
 *
 * @throws TlsError
 */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = readPem(files.cert, 'certificate')
  const key = readPem(files.key, 'key')
  const leaf = parseLeaf(files.cert, cert)
  const privateKey = parseKey(files.key, key)
  if (!leaf.checkPrivateKey(privateKey)) {
    const sentence = `The key ${files.key} does not belong to the certificate ${files.cert}. Give the two that were made together.`
    throw new TlsError('tls_key_mismatch', sentence)
  }
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2' }
  try {
    createSecureContext(options)
  } catch (cause) {
    const sentence = `The certificate ${files.cert} cannot be used (${messageOf(cause)}). Have another one made.`
    throw new TlsError('tls_certificate_invalid', sentence, { cause })
  }
  return { options, leaf }
}

/** How long before its end a certificate is worth a warning, in milliseconds. */
const warnBeforeMs = 14 * 24 * 60 * 60 * 1000

/** What should be said of a certificate that can be used all the same; null when there is nothing. */
export function warningAbout({ leaf }: Certificate, files: CertificateFiles, now: number): string | null {
  const day = (date: Date) => date.toISOString().slice(0, 10)
  const { validFromDate, validToDate } = leaf
  if (validToDate.getTime() <= now) {
    return `The certificate ${files.cert} expired on ${day(validToDate)}: clients refuse it. Renew it.`
  }
  if (validFromDate.getTime() > now) {
    return `The certificate ${files.cert} is valid from ${day(validFromDate)} only: clients refuse it. Is this clock right?`
  }
  if (validToDate.getTime() - now < warnBeforeMs) {
    return `The certificate ${files.cert} expires on ${day(validToDate)}. Renew it; the new one is taken up without a restart.`
  }
  return isOpenToAll(files.key)
    ? `Everybody on this machine may read the key ${files.key}. Run "chmod o= ${files.key}".`
    : null
}

function readPem(path: string, what: 'certificate' | 'key'): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      throw new TlsError('tls_file_missing', `There is no ${what} at ${path}. Correct the path given with --tls.`, {
        cause,
      })
    }
    const sentence = `The ${what} ${path} cannot be read (${code}). Make it readable for the user who runs the server.`
    throw new TlsError('tls_file_unreadable', sentence, { cause })
  }
}

function parseLeaf(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    const sentence = `${path} is not a certificate in PEM form. Give the file that begins with "-----BEGIN CERTIFICATE-----".`
    throw new TlsError('tls_certificate_invalid', sentence, { cause })
  }
}

function parseKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    // What OpenSSL says is not repeated: it may quote the file.
    const sentence = /ENCRYPTED/.test(pem)
      ? `The key ${path} is protected by a passphrase, which nobody types when a server starts. Give it without: openssl pkey -in … -out ….`
      : `${path} is not a private key in PEM form. Give the file that begins with "-----BEGIN PRIVATE KEY-----".`
    throw new TlsError('tls_key_invalid', sentence, { cause })
  }
}

function isOpenToAll(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & 0o004) !== 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
