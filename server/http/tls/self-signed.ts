import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { CertificateFiles } from '#server/config/tls.ts'
import { TlsError } from './tls-error.ts'

/** Where a server keeps the certificate that it makes for itself. */
export function selfSignedFiles(data: string): CertificateFiles {
  return { cert: join(data, 'self-signed.crt'), key: join(data, 'self-signed.key') }
}

const dayMs = 24 * 60 * 60 * 1000
/** Short of what Apple's systems accept at most, 825 days. */
const lifetimeMs = 365 * dayMs
const renewBeforeMs = 30 * dayMs

interface KeepOptions {
  /** Further names for one that is made. It is not made anew for them: clients have been told to trust it. */
  readonly also?: readonly string[]
  readonly now?: number
}

/**
 * Sees that there is a certificate for these names which will be good for a month. The key is made once, so that a
 * renewal is one file that changes. For whoever holds the data folder.
 *
 * @throws TlsError
 */
export async function keepSelfSigned(
  data: string,
  names: readonly string[],
  { also = [], now = Date.now() }: KeepOptions = {},
): Promise<void> {
  const files = selfSignedFiles(data)
  const key = readKey(files.key) ?? createKey(files.key)
  if (isGood(files.cert, key, names, now)) return
  write(files.cert, await issue(key, [...new Set([...names, ...also])], now))
}

/**
 * The server's certificate, and behind it that of an authority which signed this one and nothing else: nobody keeps its
 * key. So there is something to trust also for programs that trust authorities only (Electron), and whoever steals the
 * server's key cannot sign for other names.
 */
async function issue(privateKey: string, names: readonly string[], now: number): Promise<string> {
  // Few need it, and it brings much along: loaded when it is used.
  const { generate } = await import('selfsigned')
  const common = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - dayMs),
    notAfterDate: new Date(now + lifetimeMs),
  } as const
  // Two authorities of one name would be taken for each other.
  const name = `Carillon ${randomBytes(4).toString('hex')}`
  const authority = await generate([{ name: 'commonName', value: name }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
  const { cert } = await generate([{ name: 'commonName', value: 'Carillon' }], {
    ...common,
    keyPair: { privateKey, publicKey },
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((each) => (isIP(each) === 0 ? { type: 2, value: each } : { type: 7, ip: each })),
      },
    ],
  })
  return `${cert.trim()}\n${authority.cert.trim()}\n`
}

function isGood(path: string, key: string, names: readonly string[], now: number): boolean {
  try {
    const certificate = new X509Certificate(readFileSync(path))
    const covers = (name: string) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name))
    return (
      certificate.validToDate.getTime() - now > renewBeforeMs &&
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      names.every((name) => covers(name) !== undefined)
    )
  } catch {
    return false // absent or damaged: it is made anew
  }
}

function readKey(path: string): string | null {
  let pem: string
  try {
    // Windows has no such mode bits; there the folder's own permissions protect the file.
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      const sentence = `Others than its owner may read ${path}. Delete it, and the server makes a new one.`
      throw new TlsError('tls_key_exposed', sentence)
    }
    pem = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof TlsError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new TlsError('tls_file_unreadable', `${path} cannot be read. Make it readable for this user.`, {
      cause: error,
    })
  }
  try {
    createPrivateKey(pem)
    return pem
  } catch (cause) {
    throw new TlsError('tls_key_invalid', `${path} is damaged. Delete it, and the server makes a new one.`, { cause })
  }
}

function createKey(path: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  write(path, pem)
  return pem
}

/** Beside and moved into place: whoever reads it meanwhile finds the one or the other, whole. */
function write(path: string, pem: string): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, pem, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(draft, path)
  } catch (cause) {
    throw new TlsError('tls_file_unwritable', `${path} cannot be written. Make its folder writable for this user.`, {
      cause,
    })
  }
}
