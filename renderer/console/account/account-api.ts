import { z } from 'zod'
import {
  type BackupCodesAnswer,
  backupCodesAnswer,
  endSessionsAnswer,
  type GrantView,
  grantView,
  passwordResetView,
  type SecondFactorView,
  type SessionView,
  type SignInRequest,
  secondFactorView,
  sessionView,
  type TotpAnswer,
  totpAnswer,
} from '#protocol/account.ts'
import { page } from '#protocol/api.ts'
import { type KeyAnswer, type KeyView, keyAnswer, keyView } from '#protocol/keys.ts'
import type { KeyScope } from '#protocol/roles.ts'
import type { Ask } from '../ask.ts'
import { queryOf } from '../query-of.ts'
import type { Page } from '../use-list.ts'

export interface NewKey {
  readonly name: string
  readonly scopes: readonly KeyScope[]
  readonly expiresAt?: string
}

/** What somebody asks the server about themselves. Every verb throws `ApiError`. */
export interface AccountApi {
  signIn(request: SignInRequest): Promise<void>
  sessions(cursor: string | null): Promise<Page<SessionView>>
  endSession(id: string): Promise<void>
  /** Answers how many have ended. */
  endSessions(which: 'others' | 'programs'): Promise<number>
  changePassword(password: string, newPassword: string): Promise<void>
  secondFactor(): Promise<SecondFactorView>
  beginTotp(password: string): Promise<TotpAnswer>
  /** A first code turns it on. */
  verifyTotp(code: string): Promise<BackupCodesAnswer>
  disableTotp(password: string, code?: string): Promise<void>
  newBackupCodes(password: string, code?: string): Promise<BackupCodesAnswer>
  /** Whom a link is for that sets a password. */
  passwordReset(token: string): Promise<z.infer<typeof passwordResetView>>
  resetPassword(token: string, password: string): Promise<void>
  keys(cursor: string | null): Promise<Page<KeyView>>
  createKey(key: NewKey): Promise<KeyAnswer>
  revokeKey(id: string): Promise<void>
  grants(cursor: string | null): Promise<Page<GrantView>>
  endGrant(clientId: string): Promise<void>
}

export function createAccountApi(ask: Ask): AccountApi {
  const nothing = z.unknown()
  return {
    signIn: async (request) => {
      await ask('POST', '/api/v1/sign-in', nothing, request)
    },
    sessions: (cursor) => ask('GET', `/api/v1/sessions${queryOf({ cursor })}`, page(sessionView)),
    endSession: async (id) => {
      await ask('DELETE', `/api/v1/sessions/${encodeURIComponent(id)}`, nothing)
    },
    endSessions: async (which) => (await ask('POST', '/api/v1/sessions/end', endSessionsAnswer, { which })).ended,
    changePassword: async (password, newPassword) => {
      await ask('POST', '/api/v1/me/password', nothing, { password, newPassword })
    },
    secondFactor: () => ask('GET', '/api/v1/me/second-factor', secondFactorView),
    beginTotp: (password) => ask('POST', '/api/v1/me/totp', totpAnswer, { password }),
    verifyTotp: (code) => ask('POST', '/api/v1/me/totp/verify', backupCodesAnswer, { code }),
    disableTotp: async (password, code) => {
      await ask('POST', '/api/v1/me/totp/disable', nothing, { password, code })
    },
    newBackupCodes: (password, code) => ask('POST', '/api/v1/me/backup-codes', backupCodesAnswer, { password, code }),
    passwordReset: (token) => ask('GET', `/api/v1/password-resets${queryOf({ token })}`, passwordResetView),
    resetPassword: async (token, password) => {
      await ask('POST', '/api/v1/password-resets', nothing, { token, password })
    },
    keys: (cursor) => ask('GET', `/api/v1/keys${queryOf({ mine: 'true', cursor })}`, page(keyView)),
    createKey: (key) => ask('POST', '/api/v1/keys', keyAnswer, key),
    revokeKey: async (id) => {
      await ask('DELETE', `/api/v1/keys/${encodeURIComponent(id)}`, nothing)
    },
    grants: (cursor) => ask('GET', `/api/v1/me/grants${queryOf({ cursor })}`, page(grantView)),
    endGrant: async (clientId) => {
      await ask('DELETE', `/api/v1/me/grants/${encodeURIComponent(clientId)}`, nothing)
    },
  }
}
