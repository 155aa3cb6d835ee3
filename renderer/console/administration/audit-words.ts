import type { AuditAction, AuditFilter, AuditOutcome } from '#protocol/audit.ts'
import { anyTime, type ChosenPeriod, momentsOf, periodIn } from '../period.ts'

/** Actions as people say them. */
export const actionNames = {
  setup: 'Set up the server',
  sign_in: 'Sign-in',
  sign_out: 'Sign-out',
  sessions_end: 'Ended sessions',
  password_change: 'Changed the password',
  password_reset_start: 'Reset a password',
  password_reset: 'Set a new password',
  account_lock: 'Account locked',
  account_unlock: 'Unlocked an account',
  totp_enable: 'Set up an authenticator app',
  confirm_refused: 'Wrong password or code in the account',
  totp_disable: 'Turned the authenticator app off',
  backup_codes_create: 'Made new back-up codes',
  passkey_add: 'Added a passkey',
  passkey_remove: 'Removed a passkey',
  second_factor_reset: 'Reset a second factor',
  user_create: 'Added a user',
  user_update: 'Changed a user',
  user_disable: 'Disabled a user',
  user_enable: 'Enabled a user',
  user_delete: 'Removed a user',
  key_create: 'Created a key',
  key_revoke: 'Revoked a key',
  key_refused: 'Key refused',
  device_approve: 'Approved a screen',
  device_deny: 'Refused a screen',
  device_remove: 'Removed a screen',
  device_rotate: 'Asked a screen for a new credential',
  device_command: 'Sent a screen a command',
  device_pin_set: 'Set the PIN of a screen',
  device_pin_clear: 'Took the PIN of a screen away',
  device_pane_code: 'Made a code for the pane of a screen',
  device_pane_open: 'Code entered at the pane of a screen',
  device_credential: 'Screen took a new credential',
  oauth_client_create: 'Registered a service',
  oauth_client_update: 'Changed a service',
  oauth_client_delete: 'Removed a service',
  oauth_secret_rotate: 'Made a new secret for a service',
  oauth_consent: 'Let a service in',
  oauth_grant: 'Service got tokens',
  oauth_refresh_reuse: 'Refresh token used twice',
  oauth_client_refused: 'Service not recognised',
  oauth_revoke: 'Ended access of a service',
  access_refused: 'Not allowed',
  audit_export: 'Exported the audit record',
  task_submit: 'Started a task',
  task_cancel: 'Cancelled a task',
  task_retry: 'Ran a task again',
} as const satisfies Record<AuditAction, string>

export const outcomeNames = {
  done: 'Done',
  refused: 'Refused',
  failed: 'Failed',
} as const satisfies Record<AuditOutcome, string>

/** The filter as the fields of the page hold it: empty text where nothing is chosen. */
export interface FilterFields extends ChosenPeriod {
  readonly who: string
  readonly action: string
  readonly outcome: string
}

export const noFilter: FilterFields = { who: '', action: '', outcome: '', ...anyTime }

/** As the address of the page has them. */
export function fieldsOf(search: string): FilterFields {
  const query = new URLSearchParams(search)
  const field = (name: keyof FilterFields) => query.get(name) ?? ''
  return { who: field('who'), action: field('action'), outcome: field('outcome'), ...periodIn(query) }
}

/** What is asked of the server. */
export function filterOf({ who, action, outcome, ...period }: FilterFields, now: number): AuditFilter {
  return {
    ...(who.trim() && { actor: who.trim() }),
    ...(action && { action: action as AuditAction }),
    ...(outcome && { outcome: outcome as AuditOutcome }),
    ...momentsOf(period, now),
  }
}
