import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'

/** Why the server's secret cannot be used. `message` is a sentence that says what to do. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError'
  readonly code: SecretFileErrorCode
  constructor(code: SecretFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type SecretFileErrorCode =
  | 'secret_exposed'
  | 'secret_malformed'
  | 'secret_unreadable'
  | 'secret_unwritable'
  | 'secret_differs'

/**
 * The secret that signs session tokens and encrypts signing keys: 32 random bytes as base64url, in a file of its own
 * with mode 0600. Losing it signs everybody out, so it is backed up apart from the database.
 *
 * @throws SecretFileError `secret_exposed` when others than its owner may read it
 */
export function readOrCreateSecret(path: string): string {
  return readSecret(path) ?? createSecret(path)
}

function readSecret(path: string): string | undefined {
  let text: string
  try {
    // Windows has no such mode bits; there the folder's own permissions protect the file.
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      const sentence = `Others than its owner may read ${path}. Run "chmod 600 ${path}", or delete it to sign everybody out and start with a new one.`
      throw new SecretFileError('secret_exposed', sentence)
    }
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (error instanceof SecretFileError) throw error
    if (isErrno(error, 'ENOENT')) return undefined
    throw new SecretFileError('secret_unreadable', `${path} cannot be read. Make it readable for this user.`, {
      cause: error,
    })
  }
  if (/^[\w-]{43,}$/.test(text)) return text
  const sentence = `${path} does not hold a secret of this server. Restore it from a backup, or delete it to sign everybody out and start with a new one.`
  throw new SecretFileError('secret_malformed', sentence)
}

/** Written beside and linked into place, so that two servers starting at once agree on one, whole file. */
function createSecret(path: string): string {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const secret = randomBytes(32).toString('base64url')
  try {
    writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true })
    try {
      linkSync(draft, path)
      return secret
    } catch (error) {
      const theirs = isErrno(error, 'EEXIST') ? readSecret(path) : undefined
      if (theirs === undefined) throw error
      return theirs
    } finally {
      unlinkSync(draft)
    }
  } catch (error) {
    if (error instanceof SecretFileError) throw error
    const sentence = `The secret ${path} cannot be created. Make its folder writable for this user, or choose another with --data.`
    throw new SecretFileError('secret_unwritable', sentence, { cause: error })
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
