import { insertAccount } from './accounts.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { Database, Rows } from './database.ts'
import { checkPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import { hashToken, randomToken } from './random-token.ts'
import type { SignIn } from './sign-in.ts'

const lifetimeMs = 24 * 60 * 60 * 1000

export interface SetupParts {
  readonly database: Database
  readonly passwords: Passwords
  /** Signs the new administrator in; answers the `Set-Cookie` headers. */
  readonly signIn: SignIn['forCookies']
  readonly audit: Audit
  readonly clock: () => number
}

/** The one-time link that creates the first administrator. */
export function createSetup({ database, passwords, signIn, audit, clock }: SetupParts): Auth['setup'] {
  async function isDone(rows: Rows): Promise<boolean> {
    return (await rows.get(`select 1 from "user" where kind = 'person' and role = 'admin' limit 1`)) !== undefined
  }

  async function check(rows: Rows, token: string): Promise<void> {
    const valid = await rows.get(
      'select 1 from setup_token where token_hash = ? and expires_at > ?',
      hashToken(token),
      new Date(clock()).toISOString(),
    )
    // In this order: the link goes as the administrator comes, perhaps between these two.
    if (await isDone(rows)) {
      throw new AuthError('setup_done', 'This server has an administrator already. Sign in instead.')
    }
    if (valid !== undefined) return
    const sentence = 'This set-up link is no longer valid. Restart the server and open the link that it prints.'
    throw new AuthError('setup_link_invalid', sentence)
  }

  return {
    isDone: () => isDone(database),
    async createToken() {
      const token = randomToken()
      const expiresAt = new Date(clock() + lifetimeMs).toISOString()
      await database.run(
        `insert into setup_token (id, token_hash, expires_at) values (1, ?, ?)
         on conflict (id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
        hashToken(token),
        expiresAt,
      )
      return token
    },
    check: (token) => check(database, token),
    async complete({ token, name, email, password }) {
      await check(database, token)
      await checkPassword(password, { name, email })
      const passwordHash = await passwords.hash(password)
      const id = await database.transaction(async (rows) => {
        // Once more: somebody may have been faster while the password was hashed.
        await check(rows, token)
        const createdAt = new Date(clock())
        const id = await insertAccount(rows, { kind: 'person', role: 'admin', email, name, passwordHash, createdAt })
        await rows.run('delete from setup_token')
        return id
      })
      // As the account has it: what is recorded later of this person is found with what is recorded now.
      await audit.record({ action: 'setup', actor: userParty({ id, name, email: email.toLowerCase() }) })
      return { cookies: await signIn({ email, password, address: null }) }
    },
  }
}
