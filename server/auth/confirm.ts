import { AuthError } from './auth-error.ts'
import type { Counters } from './counters.ts'
import type { Checked, Credentials } from './credentials.ts'
import type { PersonIdentity } from './person-identity.ts'
import { wrongCredentials } from './sign-in.ts'

/** Has somebody who is signed in show once more that it is them. */
export interface Confirm {
  /** Answers what was compared. Throws `wrong_credentials`, `rate_limited`. */
  password(person: PersonIdentity, password: string): Promise<Checked>
  /** Counts an attempt at a code; `work` throws for a wrong one. Throws `rate_limited`. */
  code<T>(person: PersonIdentity, work: () => Promise<T>): Promise<T>
}

export interface ConfirmParts {
  readonly credentials: Credentials
  readonly counters: Counters
  readonly limits: { readonly attempts: number; readonly windowMs: number }
}

/** Counted by session: whoever has got hold of one guesses no further, and the person in another is not held back. */
export function createConfirm({ credentials, counters, limits }: ConfirmParts): Confirm {
  async function attempt<T>(what: string, { sessionId }: PersonIdentity, work: () => Promise<T>): Promise<T> {
    const key = `confirm:${what}:${sessionId}`
    const { count, endsInMs } = await counters.count(key, limits.windowMs)
    if (count > limits.attempts) {
      const retryAfter = Math.ceil(endsInMs / 1000)
      throw new AuthError('rate_limited', `Too many wrong attempts. Try again in ${retryAfter} seconds.`, {
        retryAfter,
      })
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
        if (!checked.isRight) throw wrongCredentials()
        return checked
      }),
  }
}
