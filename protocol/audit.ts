import { z } from 'zod'
import { instant } from './api.ts'

/** What the record of who did what tells of. The names are stable: filters and exports go by them. */
export const auditActions = [
  'setup',
  'sign_in',
  'sign_out',
  'sessions_end',
  'confirm_refused',
  'password_change',
  'password_reset_start',
  'password_reset',
  'account_lock',
  'account_unlock',
  'totp_enable',
  'totp_disable',
  'backup_codes_create',
  'passkey_add',
  'passkey_remove',
  'second_factor_reset',
  'user_create',
  'user_update',
  'user_disable',
  'user_enable',
  'user_delete',
  'key_create',
  'key_revoke',
  'key_refused',
  'device_approve',
  'device_deny',
  'device_remove',
  'device_rotate',
  'device_credential',
  'device_command',
  'device_pin_set',
  'device_pin_clear',
  'device_pane_code',
  'device_pane_open',
  'oauth_client_create',
  'oauth_client_update',
  'oauth_client_delete',
  'oauth_secret_rotate',
  'oauth_consent',
  'oauth_grant',
  'oauth_refresh_reuse',
  'oauth_client_refused',
  'oauth_revoke',
  'access_refused',
  'audit_export',
  'task_submit',
  'task_cancel',
  'task_retry',
] as const
export const auditAction = z.enum(auditActions)
export type AuditAction = z.infer<typeof auditAction>

/** refused: they may not, or what they showed was wrong. failed: they may, and it did not work. */
export const auditOutcome = z.enum(['done', 'refused', 'failed'])
export type AuditOutcome = z.infer<typeof auditOutcome>

/** Somebody or something in the record, as it was called then: it may be gone. */
export const auditParty = z.object({
  kind: z.enum([
    'user',
    'device',
    'key',
    'local',
    'service',
    'client',
    'session',
    'passkey',
    'route',
    'task',
    'unknown',
  ]),
  id: z.string(),
  name: z.string(),
})
export type AuditParty = z.infer<typeof auditParty>

/** `GET /api/v1/audit`, administrators only, newest first. */
export const auditView = z.object({
  id: z.string(),
  time: instant,
  /** Null when nobody is known, as for a wrong password of an account that does not exist. */
  actor: auditParty.nullable(),
  action: auditAction,
  target: auditParty.nullable(),
  outcome: auditOutcome,
  /** The problem code of what was refused. */
  code: z.string().nullable(),
  address: z.string(),
  requestId: z.string(),
  /** What else is worth knowing, never a secret: `{"role": "viewer to operator"}`. */
  details: z.record(z.string(), z.string()),
})
export type AuditView = z.infer<typeof auditView>

export const auditExportFormat = z.enum(['csv', 'ndjson'])
export type AuditExportFormat = z.infer<typeof auditExportFormat>

/** The filters of `GET /api/v1/audit` and of `GET /api/v1/audit/export?format=csv|ndjson`; all that are given must hold. */
export const auditFilter = z.object({
  /** Id of who did it, or part of their name. */
  actor: z.string().max(255).optional(),
  target: z.string().max(255).optional(),
  action: auditAction.optional(),
  outcome: auditOutcome.optional(),
  address: z.string().max(64).optional(),
  from: instant.optional(),
  to: instant.optional(),
})
export type AuditFilter = z.infer<typeof auditFilter>
