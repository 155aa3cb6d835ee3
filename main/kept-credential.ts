import type { Storage } from '#protocol/ipc.ts'
import { type Account, type Credential, type Credentials, CredentialsError } from './credentials.ts'
import type { Log } from './log.ts'
import { pause } from './pause.ts'

/** Where a kiosk keeps its credential between runs: in the keychain, or in memory once somebody at the screen has agreed. */
export interface KeptCredential {
  /** The one of an earlier run. One that `isExpected` waits for a keychain that is missing. */
  find(isExpected: boolean, signal: AbortSignal): Promise<Credential | null>
  /** Waits for a keychain, or for somebody who agrees to do without. */
  keep(token: string, signal: AbortSignal): Promise<Storage>
  /** Not used again, also where the keychain cannot delete. */
  forget(token: string): Promise<void>
  acceptMemory(): void
}

export interface KeptCredentialOptions {
  readonly credentials: Credentials
  readonly account: Account
  readonly log: Log
  /** Milliseconds between looks for a keychain that is missing. */
  readonly interval: number
  /** There is no keychain, and it is waited for one. */
  onMissing(error: CredentialsError): void
}

export function keepCredential(options: KeptCredentialOptions): KeptCredential {
  const { credentials, account, log, interval, onMissing } = options
  let forgotten: string | null = null
  /** Aborts when somebody accepts that the credential is kept in memory. */
  const memoryAccepted = new AbortController()

  async function waitForKeychain(error: unknown, signal: AbortSignal): Promise<void> {
    if (!(error instanceof CredentialsError)) throw error
    onMissing(error)
    await pause(interval, AbortSignal.any([signal, memoryAccepted.signal]))
  }

  return {
    async find(isExpected, signal) {
      for (;;) {
        signal.throwIfAborted()
        try {
          const credential = await credentials.find(account)
          return credential?.token === forgotten ? null : credential
        } catch (error) {
          if (!isExpected || memoryAccepted.signal.aborted) return null
          await waitForKeychain(error, signal)
        }
      }
    },
    async keep(token, signal) {
      for (;;) {
        signal.throwIfAborted()
        const storage: Storage = memoryAccepted.signal.aborted ? 'memory' : credentials.lasting
        try {
          await credentials.keep(account, token, storage)
          return storage
        } catch (error) {
          await waitForKeychain(error, signal)
        }
      }
    },
    async forget(token) {
      forgotten = token
      try {
        await credentials.forget(account)
      } catch (error) {
        if (!(error instanceof CredentialsError)) throw error
        log.warn('credential not forgotten', { code: error.code })
      }
    },
    acceptMemory: () => memoryAccepted.abort(),
  }
}
