import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { Confirm } from './confirm.ts'
import type { Database } from './database.ts'
import type { SignInLimit } from './sign-in-limit.ts'

/** What administrators see of locks, and how they end them. What keeps guessers out is in `sign-in-limit.ts`. */
export interface Locks {
  remember(email: string, until: Date): Promise<void>
  unlock(limits: LocksEnded): Auth['users']['unlock']
}

export interface LocksEnded {
  readonly limit: Pick<SignInLimit, 'unlock'>
  readonly confirm: Pick<Confirm, 'unlock'>
}

export function createLocks({ database, audit }: { readonly database: Database; readonly audit: Audit }): Locks {
  return {
    async remember(email, until) {
      const user = await database.get<{ id: string; name: string; email: string }>(
        'select id, name, email from "user" where email = ?',
        email.toLowerCase(),
      )
      const target = user === undefined ? ({ kind: 'unknown', id: '', name: email } as const) : userParty(user)
      // A stranger causes it, at as many addresses as they can think of: such entries are counted, as refusals are.
      const locked = { action: 'account_lock', actor: null, outcome: 'refused', code: 'rate_limited' } as const
      await audit.record({ ...locked, target, details: { until: until.toISOString() } })
      if (user === undefined) return
      await database.run(
        `insert into account_locks (user_id, locked_until) values (?, ?)
         on conflict (user_id) do update set locked_until = excluded.locked_until`,
        user.id,
        until.toISOString(),
      )
    },
    unlock:
      ({ limit, confirm }) =>
      async (id, by) => {
        const user = await database.get<{ id: string; name: string; email: string }>(
          `select id, name, email from "user" where id = ? and kind = 'person'`,
          id,
        )
        if (user === undefined)
          throw new AuthError('not_found', 'There is no such user. List the users to see which there are.')
        await limit.unlock(user.email)
        await confirm.unlock(id)
        await database.run('delete from account_locks where user_id = ?', id)
        await audit.record({ action: 'account_unlock', actor: by, target: userParty(user) })
      },
  }
}
