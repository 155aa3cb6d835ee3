import type { Storage } from '#protocol/ipc.ts'
import { before } from './before.ts'

/** The session token of this installation, per server. Kept by the operating system or in memory, never in a file. */
export interface Credentials {
  /** What this machine's keychain is worth: `file` where the key that opens it lies beside it. */
  readonly lasting: LastingStorage
  /** Null when none is kept. Throws `keychain_unavailable`. */
  find(account: Account): Promise<Credential | null>
  /** Throws `keychain_unavailable` when `storage` is not `memory` and there is no keychain. */
  keep(account: Account, token: string, storage: Storage): Promise<void>
  /** Forgets it wherever it is kept. Throws `keychain_unavailable`. */
  forget(account: Account): Promise<void>
}

export interface Account {
  readonly kind: 'desktop' | 'kiosk'
  /** A server's origin. */
  readonly server: string
}

export interface Credential {
  readonly token: string
  readonly storage: Storage
}

/** Where a credential outlives the app. */
export type LastingStorage = Exclude<Storage, 'memory'>

/** The keychain cannot be used. `message` says what to install or unlock. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
  readonly code = 'keychain_unavailable'
}

/** One secret of the operating system's keychain. */
export interface KeychainEntry {
  getPassword(signal?: AbortSignal): Promise<string | null>
  setPassword(secret: string, signal?: AbortSignal): Promise<void>
  deletePassword(signal?: AbortSignal): Promise<unknown>
}
/** Throws, or rejects, where there is no keychain. */
export type OpenKeychain = (service: string, account: string) => Promise<KeychainEntry>

export interface CredentialsOptions {
  readonly open?: OpenKeychain
  /** What the keychain is worth; `keychain` unless told otherwise. */
  readonly lasting?: LastingStorage
  readonly platform?: NodeJS.Platform
  /** Milliseconds for one use of the keychain: long enough for a person to unlock it. 60,000 unless told otherwise. */
  readonly timeout?: number
}

/** The name under which everything of ours is in the keychain. */
export const keychainService = 'carillon'

export function createCredentials(options: CredentialsOptions = {}): Credentials {
  const { open = openSystemKeychain, lasting = 'keychain', platform = process.platform, timeout = 60_000 } = options
  const memory = new Map<string, string>()

  async function use<T>(
    account: Account,
    action: (entry: KeychainEntry, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(timeout)
    try {
      return await before(
        signal,
        open(keychainService, nameOf(account)).then((entry) => action(entry, signal)),
      )
    } catch (error) {
      throw new CredentialsError(adviceFor(platform), { cause: error })
    }
  }
  return {
    lasting,
    async find(account) {
      const remembered = memory.get(nameOf(account))
      if (remembered !== undefined) return { token: remembered, storage: 'memory' }
      const token = await use(account, (entry, signal) => entry.getPassword(signal))
      return token === null ? null : { token, storage: lasting }
    },
    async keep(account, token, storage) {
      if (storage === 'memory') {
        memory.set(nameOf(account), token)
      } else {
        await use(account, (entry, signal) => entry.setPassword(token, signal))
        memory.delete(nameOf(account))
      }
    },
    async forget(account) {
      if (memory.delete(nameOf(account))) return
      await use(account, (entry, signal) => entry.deletePassword(signal))
    },
  }
}

/**
 * On Linux the Secret Service is asked for by name: left to itself the library falls back to the kernel's keyring, which
 * forgets everything when the machine restarts and says nothing.
 */
const openSystemKeychain: OpenKeychain = async (service, account) => {
  const { AsyncEntry } = await import('keytar')
  const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  return {
    // A binding that finds nothing has answered undefined in some releases.
    getPassword: async (signal) => (await entry.getPassword(signal)) ?? null,
    setPassword: (secret, signal) => entry.setPassword(secret, signal),
    deletePassword: (signal) => entry.deletePassword(signal),
  }
}

function nameOf(account: Account): string {
  return `${account.kind} ${account.server}`
}

function adviceFor(platform: NodeJS.Platform): string {
  if (platform === 'darwin')
    return 'The keychain is locked or cannot be used. Unlock it in Keychain Access and try again.'
  if (platform === 'win32')
    return 'Windows Credential Manager cannot be used. Sign in to Windows again and try once more.'
  return (
    'There is no keychain to keep the sign-in: install gnome-keyring or KWallet, log in again so that it is unlocked, ' +
    'and start Carillon in that session.'
  )
}
