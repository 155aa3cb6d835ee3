import type { Account, Credential, Credentials } from './credentials.ts'
import type { Log } from './log.ts'
import type { ServerApi } from './server-api.ts'

/** The credential of a device, which the server asks it to change from time to time. */
export interface HeldCredential {
  readonly current: Credential
  /**
   * Takes a new one and keeps it; one request at a time. Where that fails the present one goes on, until asked again.
   * Answers whether there is a new one.
   */
  renew(): Promise<boolean>
  /** Tells the server where the credential is kept; once is enough. */
  report(): Promise<void>
}

export interface HeldCredentialOptions {
  readonly api: Pick<ServerApi, 'deviceCredential' | 'reportDevice' | 'me'>
  readonly credentials: Pick<Credentials, 'keep'>
  readonly account: Account
  readonly credential: Credential
  readonly log: Log
}

export function holdCredential({ api, credentials, account, credential, log }: HeldCredentialOptions): HeldCredential {
  let current = credential
  let isRenewing = false
  let isReported = false

  return {
    get current() {
      return current
    },
    async renew() {
      if (isRenewing) return false
      isRenewing = true
      let isNew = false
      try {
        const { storage } = current
        const { token } = await api.deviceCredential(current.token, storage)
        // Kept before it is used: its first use ends the one before, and the power may fail at any moment.
        await credentials.keep(account, token, storage)
        current = { token, storage }
        isNew = true
        log.info('credential renewed')
        await api.me(token)
      } catch (error) {
        log.warn('credential not renewed', { error: error instanceof Error ? error.message : String(error) })
      } finally {
        isRenewing = false
      }
      return isNew
    },
    async report() {
      if (isReported) return
      isReported = true
      try {
        await api.reportDevice(current.token, current.storage)
      } catch (error) {
        isReported = false
        log.warn('storage not reported', { error: error instanceof Error ? error.message : String(error) })
      }
    },
  }
}
