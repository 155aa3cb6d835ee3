import type { Audit } from './audit.ts'
import { AuthError } from './auth-error.ts'
import type { Counters } from './counters.ts'
import type { Checked, Credentials } from './credentials.ts'
import type { Database } from './database.ts'
import type { PersonIdentity } from './person-identity.ts'
import { wrongPassword } from './sign-in.ts'
import { spanInWords } from './token-times.ts'

/** Has somebody who is signed in show once more that it is them. */
export interface Confirm {
  /** Answers what was compared. Throws `wrong_password`, `rate_limited`. */
  password(person: PersonIdentity, password: string): Promise<Checked>
  /** Counts an attempt at a code; `work` throws for a wrong one. Throws `rate_limited`. */
  code<T>(person: PersonIdentity, work: () => Promise<T>): Promise<T>
  /** They may try again at once, in every session. */
  unlock(userId: string): Promise<void>
}

export interface ConfirmParts {
  readonly database: Database
  readonly audit: Pick<Audit, 'record'>
  readonly credentials: Credentials
  readonly counters: Counters
  readonly limits: { readonly attempts: number; readonly windowMs: number }
}

/** Counted by session: whoever has got hold of one guesses no further, and the person in another is not held back. */
export function createConfirm({ database, audit, credentials, counters, limits }: ConfirmParts): Confirm {
  async function attempt<T>(what: What, person: PersonIdentity, work: () => Promise<T>): Promise<T> {
    try {
      return await counted(keyOf(what, person.sessionId), work)
    } catch (error) {
      if (error instanceof AuthError) {
        const refusal = { action: 'confirm_refused', actor: person, outcome: 'refused', code: error.code } as const
        await audit.record({ ...refusal, details: { what } })
      }
      throw error
    }
  }

  async function counted<T>(key: string, work: () => Promise<T>): Promise<T> {
    const { count, endsInMs } = await counters.count(key, limits.windowMs)
    if (count > limits.attempts) {
      const retryAfter = Math.ceil(endsInMs / 1000)
      const sentence = `Too many wrong attempts in this session. Try again in ${spanInWords(retryAfter)}, or sign in anew.`
      throw new AuthError('rate_limited', sentence, { retryAfter })
    }
    const result = await work()
    await counters.forget(key)
    return result
  }
  return {
    code: (person, work) => attempt('code', person, work),
    password: (person, password) =>
      attempt('password', person, async () => {
        const checked = await credentials.check(person.email, password, { isKnown: true })
        if (!checked.isRight) throw wrongPassword()
        return checked
      }),
    async unlock(userId) {
      const sessions = await database.all<{ id: string }>('select id from session where "userId" = ?', userId)
      for (const { id } of sessions) for (const what of whats) await counters.forget(keyOf(what, id))
    },
  }
}

const whats = ['password', 'code'] as const
type What = (typeof whats)[number]

const keyOf = (what: What, sessionId: string) => `confirm:${what}:${sessionId}`
