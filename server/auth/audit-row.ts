import type { AuditAction, AuditOutcome, AuditParty, AuditView } from '#protocol/audit.ts'
import type { AuditEntry } from './audit.ts'
import { partyOf } from './audit-party.ts'
import { requestCaller, requestOrigin } from './origin.ts'

/** An entry as it stands in `audit_entries`, but for its id and time. */
export interface AuditRow {
  readonly action: AuditAction
  readonly outcome: AuditOutcome
  readonly code: string | null
  readonly actor_kind: AuditParty['kind'] | null
  readonly actor_id: string | null
  readonly actor_name: string | null
  readonly target_kind: AuditParty['kind'] | null
  readonly target_id: string | null
  readonly target_name: string | null
  readonly address: string
  readonly request_id: string
  /** JSON text of a flat object. */
  readonly details: string
}

/** Names and details come from anybody: longer ones are cut, and more are left out. */
const maxNameLength = 300
const maxDetails = 20

export function rowOf({
  action,
  actor = requestCaller(),
  target,
  outcome = 'done',
  code,
  details,
}: AuditEntry): AuditRow {
  const { address, requestId, userAgent } = requestOrigin()
  const by = actor === null || !('userId' in actor) ? actor : partyOf(actor)
  return {
    ...{ action, outcome, code: code ?? null },
    ...{ actor_kind: by?.kind ?? null, actor_id: storable(by?.id), actor_name: storable(by?.name) },
    ...{ target_kind: target?.kind ?? null, target_id: storable(target?.id), target_name: storable(target?.name) },
    ...{ address, request_id: requestId },
    details: detailsText({ ...details, ...(userAgent && { userAgent }) }),
  }
}

export function viewOf(row: AuditRow & { readonly id: string; readonly time: string }): AuditView {
  const { id, time, action, outcome, code, address } = row
  return {
    ...{ id, time, action, outcome, code, address },
    actor: partyFrom(row.actor_kind, row.actor_id, row.actor_name),
    target: partyFrom(row.target_kind, row.target_id, row.target_name),
    requestId: row.request_id,
    details: JSON.parse(row.details),
  }
}

export function detailsText(details: Readonly<Record<string, string>>): string {
  const kept = Object.entries(details).slice(0, maxDetails)
  return JSON.stringify(Object.fromEntries(kept.map(([name, value]) => [name, storable(value)])))
}

function partyFrom(kind: AuditParty['kind'] | null, id: string | null, name: string | null): AuditParty | null {
  return kind === null ? null : { kind, id: id ?? '', name: name ?? '' }
}

/** PostgreSQL takes no NUL in a text. */
function storable(text: string | undefined): string | null {
  return text?.slice(0, maxNameLength).toWellFormed().replaceAll('\0', '\ufffd') ?? null
}
