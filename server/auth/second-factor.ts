import type { SecondFactorView, TotpAnswer } from '#protocol/account.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import { AuthError } from './auth-error.ts'
import type { Confirm } from './confirm.ts'
import type { Database } from './database.ts'
import { type FactorCodes, kindOfCode } from './factor-codes.ts'
import type { FactorPolicy } from './factor-policy.ts'
import type { Identity } from './identity.ts'
import type { Passkeys } from './passkeys.ts'
import { type PersonIdentity, personOf } from './person-identity.ts'
import { wrongCode } from './sign-in.ts'

/** What a person has beside a password. All of it throws `forbidden` for anybody who is not a person. */
export interface SecondFactor {
  view(by: Identity): Promise<SecondFactorView>
  /** Throws `wrong_password`, `rate_limited`, and `already_exists` when an authenticator app is set up. */
  beginTotp(by: Identity, password: string): Promise<TotpAnswer>
  /** Turns it on and answers the back-up codes. Throws `wrong_code`, `rate_limited`. */
  verifyTotp(by: Identity, code: string): Promise<readonly string[]>
  /** Throws `wrong_password`, `code_required`, `wrong_code`, `rate_limited`, and `not_found` when it is off. */
  disableTotp(by: Identity, password: string, code: string | undefined): Promise<void>
  /** Throws those of `disableTotp`. The earlier codes are void. */
  renewBackupCodes(by: Identity, password: string, code: string | undefined): Promise<readonly string[]>
  /** Takes all of somebody's second factors away: they have lost them. Throws `not_found`, and `forbidden` for one's own. */
  reset(userId: string, by: Identity): Promise<void>
}

export interface SecondFactorParts {
  readonly database: Database
  readonly codes: FactorCodes
  readonly passkeys: Pick<Passkeys, 'list' | 'removeAll'>
  readonly policy: FactorPolicy
  readonly confirm: Confirm
  readonly audit: Audit
}

export function createSecondFactor(parts: SecondFactorParts): SecondFactor {
  const { database, codes, passkeys, policy, confirm, audit } = parts

  /** Whoever changes what guards an account shows all that guards it now. */
  async function confirmed(by: Identity, password: string, code: string | undefined): Promise<PersonIdentity> {
    const person = personOf(by)
    await confirm.password(person, password)
    if (!(await codes.isOn(person.userId))) {
      throw new AuthError('not_found', 'No authenticator app is set up. Set one up first.')
    }
    if (code === undefined) throw new AuthError('code_required', 'Send a code of the app, or a back-up code, as well.')
    await confirm.code(person, async () => {
      if (!(await codes.use(person.userId, code))) throw wrongCode(kindOfCode(code))
    })
    return person
  }

  return {
    async view(by) {
      const { userId, role } = personOf(by)
      const totp = await codes.isOn(userId)
      const keys = await passkeys.list(userId)
      const required = policy.isRequiredFor(role)
      const isMissing = required && !totp && keys.length === 0
      const account = isMissing ? await createdAt(userId) : undefined
      return {
        totp,
        backupCodesLeft: totp ? await codes.backupCodesLeft(userId) : 0,
        passkeys: [...keys],
        required,
        requiredFrom: account === undefined ? null : policy.requiredFrom(account).toISOString(),
      }
    },
    async beginTotp(by, password) {
      const person = personOf(by)
      await confirm.password(person, password)
      if (await codes.isOn(person.userId)) {
        throw new AuthError('already_exists', 'An authenticator app is set up already. Turn it off first.')
      }
      return codes.begin({ id: person.userId, email: person.email })
    },
    async verifyTotp(by, code) {
      const person = personOf(by)
      const backupCodes = await confirm.code(person, async () => {
        const confirmed = await codes.confirm(person.userId, code)
        if (confirmed === null) throw wrongCode('app')
        return confirmed
      })
      await audit.record({ action: 'totp_enable', actor: by })
      return backupCodes
    },
    async disableTotp(by, password, code) {
      const person = await confirmed(by, password, code)
      await codes.remove(person.userId)
      await audit.record({ action: 'totp_disable', actor: by })
    },
    async renewBackupCodes(by, password, code) {
      const person = await confirmed(by, password, code)
      const backupCodes = await codes.renewBackupCodes(person.userId)
      await audit.record({ action: 'backup_codes_create', actor: by })
      return backupCodes
    },
    async reset(userId, by) {
      // A console that was left open is not enough for that.
      if (by.userId === userId)
        throw new AuthError('forbidden', 'This is your own account. Turn your second factor off under "My account".')
      const user = await database.get<{ id: string; name: string; email: string }>(
        `select id, name, email from "user" where id = ? and kind = 'person'`,
        userId,
      )
      if (user === undefined)
        throw new AuthError('not_found', 'There is no such user. List the users to see which there are.')
      await codes.remove(userId)
      await passkeys.removeAll(userId)
      await audit.record({ action: 'second_factor_reset', actor: by, target: userParty(user) })
    },
  }

  function createdAt(userId: string) {
    return database.get<{ createdAt: string }>('select "createdAt" from "user" where id = ?', userId)
  }
}
