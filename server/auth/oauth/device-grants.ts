import type { DeviceGrantView } from '#protocol/oauth.ts'
import type { Audit } from '../audit.ts'
import { AuthError } from '../auth-error.ts'
import type { Database } from '../database.ts'
import type { Identity } from '../identity.ts'
import type { RateLimit } from '../rate-limit.ts'
import { parseUserCode } from '../user-code.ts'
import { clientParty } from './clients.ts'
import type { Grants } from './grants.ts'
import { meaningsOf, scopesOf } from './scopes.ts'
import { storedInstant } from './stored.ts'

/**
 * What somebody decides about something without a browser (RFC 8628). better-auth makes the codes and redeems them; the
 * decision is ours, because there anybody who has looked at a code changes it.
 */
export interface DeviceGrants {
  /** Throws `unknown_code`, `expired_code`, `enrolment_decided`, and `rate_limited` for somebody who tries many. */
  view(code: string, by: Identity): Promise<DeviceGrantView>
  /** Throws those of `view`. */
  decide(code: string, accept: boolean, by: Identity): Promise<void>
}

export interface DeviceGrantsParts {
  readonly database: Database
  readonly grants: Pick<Grants, 'consent'>
  readonly audit: Audit
  /** Codes that one person tries per minute. */
  readonly looks: RateLimit
  readonly clock: () => number
}

export function createDeviceGrants({ database, grants, audit, looks, clock }: DeviceGrantsParts): DeviceGrants {
  async function pending(typed: string, by: Identity): Promise<Row> {
    const retryAfter = await looks.take(by.userId)
    if (retryAfter !== null) {
      const sentence = `You have tried too many codes. Try again in ${retryAfter} seconds.`
      throw new AuthError('rate_limited', sentence, { retryAfter })
    }
    const row = await database.get<Row>(
      `select d.id, d.status, d.scope, d."expiresAt", c."clientId", c.name from "deviceCode" d
       join "oauthClient" c on c."clientId" = d."oauthClientId"
       where d."userCode" = ? and c.disabled is not true`,
      parseUserCode(typed) ?? '',
    )
    if (row === undefined) {
      throw new AuthError('unknown_code', 'Nothing asks with this code. Compare it with the device, letter by letter.')
    }
    if (row.status !== 'pending') {
      throw new AuthError('enrolment_decided', 'This code has been used. Let the device show a new one.')
    }
    if (storedInstant(row.expiresAt) <= clock()) {
      throw new AuthError('expired_code', 'This code has expired. Let the device show a new one.')
    }
    return row
  }

  return {
    async view(code, by) {
      const { clientId, name, scope, expiresAt } = await pending(code, by)
      return {
        client: { id: clientId, name },
        scopes: meaningsOf(scopesOf(scope)),
        expiresAt: new Date(storedInstant(expiresAt)).toISOString(),
      }
    },
    async decide(code, accept, by) {
      const { id, clientId, name, scope } = await pending(code, by)
      // First, so that a code which is approved finds the consent that its tokens hang on.
      if (accept) await grants.consent({ userId: by.userId, clientId }, scopesOf(scope))
      const decided = await database.run(
        `update "deviceCode" set status = ?, "userId" = ? where id = ? and status = 'pending'`,
        ...[accept ? 'approved' : 'denied', by.userId, id],
      )
      if (decided === 0) {
        throw new AuthError('enrolment_decided', 'This code has been used. Let the device show a new one.')
      }
      await audit.record({
        action: 'oauth_consent',
        ...{ actor: by, target: clientParty(clientId, name), outcome: accept ? 'done' : 'refused' },
        details: { scopes: scopesOf(scope).join(' '), by: 'code' },
      })
    },
  }
}

interface Row {
  readonly id: string
  readonly status: string
  readonly scope: string | null
  readonly expiresAt: string | Date
  readonly clientId: string
  readonly name: string
}
