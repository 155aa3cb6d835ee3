import { type AuditRow, detailsText } from './audit-row.ts'
import { addressKey } from './rate-limit.ts'

/**
 * Keeps the record from being filled by somebody who is refused again and again. What repeats itself within a minute is
 * written once, and once more with how often; and so is what goes beyond an address's share or that of an action.
 */
export interface AuditRepeats {
  /** Whether this refusal is only counted, and told of at the end of the minute. */
  counts(row: AuditRow): boolean
  /** What has been counted since the last call, and begins anew. Called each minute. */
  take(): readonly AuditRow[]
}

/** Different refusals of one action that are written down in a minute: of one address, and for a longer time of all. */
const perAddress = 20
const perMinute = 20
/** And those of the first minute, after quiet ones. */
const burst = 300

export function createAuditRepeats(): AuditRepeats {
  /** By what they have in common. */
  let counted = new Map<string, { readonly row: AuditRow; count: number }>()
  let ofAddress = new Map<string, number>()
  const allowance = new Map<string, number>()

  function isAgain(key: string): boolean {
    const known = counted.get(key)
    if (known === undefined) return false
    known.count++
    return true
  }

  return {
    counts(row) {
      const { action, outcome } = row
      const inAll = keyOf(action, outcome)
      const here = keyOf(action, outcome, addressKey(row.address))
      const exact = keyOf(here, row.code, row.actor_kind, row.actor_id, row.target_kind, row.target_id, row.target_name)
      if (isAgain(exact)) return true
      const left = allowance.get(inAll) ?? burst
      const written = ofAddress.get(here) ?? 0
      if (left > 0 && written < perAddress) {
        allowance.set(inAll, left - 1)
        ofAddress.set(here, written + 1)
        counted.set(exact, { row, count: 0 })
        return false
      }
      if (isAgain(here) || (left <= 0 && isAgain(inAll))) return true
      if (left > 0) {
        allowance.set(inAll, left - 1)
        counted.set(here, { row: { ...summary, action, outcome, address: row.address }, count: 1 })
      } else {
        counted.set(inAll, { row: { ...summary, action, outcome }, count: 1 })
      }
      return true
    },
    take() {
      const rows = [...counted.values()].filter(({ count }) => count > 0)
      counted = new Map()
      ofAddress = new Map()
      for (const [key, left] of allowance) {
        if (left + perMinute >= burst) allowance.delete(key)
        else allowance.set(key, left + perMinute)
      }
      return rows.map(({ row, count }) => ({
        ...row,
        details: detailsText({ ...JSON.parse(row.details), repeats: String(count) }),
      }))
    },
  }
}

/** Several refusals that are not told of one by one. */
const summary = {
  ...{ code: null, actor_kind: null, actor_id: null, actor_name: null },
  ...{ target_kind: null, target_id: null, target_name: null },
  ...{
    address: '',
    request_id: '',
    details: detailsText({ several: 'of different callers or about different things' }),
  },
}

function keyOf(...parts: readonly (string | null)[]): string {
  return JSON.stringify(parts)
}
