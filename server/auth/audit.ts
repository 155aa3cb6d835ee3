import type { AuditAction, AuditFilter, AuditOutcome, AuditParty, AuditView } from '#protocol/audit.ts'
import type { ProblemCode } from '#protocol/problem.ts'
import type { Identity } from './identity.ts'

/**
 * The record of who did what: every sign-in, refusal, grant, revocation and change of rights. It is added to and never
 * changed; what is older than the site wants to keep is removed.
 */
export interface Audit {
  /**
   * Writes an entry down, with the address and id of the request that is being answered. Never rejects: what could not
   * be written goes to the log.
   */
  record(entry: AuditEntry): Promise<void>
  /** Newest first, at most `limit`; `cursor` is the `next` of the page before. Throws `bad_request` for another cursor. */
  list(
    filter: AuditFilter,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<{ readonly items: readonly AuditView[]; readonly next: string | null }>
  /** All that the filter lets through, oldest first. */
  read(filter: AuditFilter): AsyncIterable<AuditView>
}

export interface AuditEntry {
  readonly action: AuditAction
  /** Default: who sent the request that is being answered. Null when nobody is known. */
  readonly actor?: Identity | AuditParty | null
  readonly target?: AuditParty | null
  /** Default: done. */
  readonly outcome?: AuditOutcome
  readonly code?: ProblemCode
  /** Never a secret, nor anything that opens a door. */
  readonly details?: Readonly<Record<string, string>>
}
