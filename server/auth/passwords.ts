import { AuthError } from './auth-error.ts'
import { passwordThreads } from './password-threads.ts'

/** Turns passwords into what is stored of them. Slow on purpose. */
export interface Passwords {
  hash(password: string, options?: HashOptions): Promise<string>
  verify(attempt: { readonly hash: string; readonly password: string }, options?: HashOptions): Promise<boolean>
}

export interface HashOptions {
  /** They have signed in from there before: they go before strangers. Default false. */
  readonly isKnown?: boolean
}

/** Some ten seconds of work for each thread, in each of both lines; whoever comes after that is asked to return. */
const maxWaiting = 32

/**
 * Lets a few passwords be worked on at a time; the others wait in line, strangers behind those who have signed in from
 * where they are before. Throws `rate_limited` when the line is full.
 */
export function limitPasswords(passwords: Passwords, running = passwordThreads): Passwords {
  let free = running
  const known: (() => void)[] = []
  const strangers: (() => void)[] = []

  async function inTurn<T>(work: () => Promise<T>, { isKnown = false }: HashOptions = {}): Promise<T> {
    if (free > 0) {
      free -= 1
    } else {
      const line = isKnown ? known : strangers
      if (line.length >= maxWaiting * running) {
        const sentence = 'Too many people are signing in at the moment. Try again in a little while.'
        throw new AuthError('rate_limited', sentence, { retryAfter: 10 })
      }
      // The one that ends hands its place over, so `free` stays as it is.
      await new Promise<void>((resolve) => line.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = known.shift() ?? strangers.shift()
      if (next === undefined) free += 1
      else next()
    }
  }

  return {
    hash: (password, options) => inTurn(() => passwords.hash(password), options),
    verify: (attempt, options) => inTurn(() => passwords.verify(attempt), options),
  }
}
