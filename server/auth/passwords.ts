import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { AuthError } from './auth-error.ts'

/** Turns passwords into what is stored of them. Slow on purpose. */
export interface Passwords {
  hash(password: string): Promise<string>
  verify(attempt: { readonly hash: string; readonly password: string }): Promise<boolean>
}

/** scrypt with better-auth's parameters: about a quarter of a second of one core, 32 MiB. */
export const scryptPasswords: Passwords = {
  hash: hashPassword,
  verify: ({ hash, password }) => verifyPassword({ hash, password }),
}

/** scrypt runs in libuv's pool of four threads, which files and name look-ups need as well. */
const maxRunning = 2

/** Some ten seconds of work; whoever comes after that is asked to return. */
const maxWaiting = 64

/** Lets a few passwords be worked on at a time; the others wait in line. Throws `rate_limited` when the line is full. */
export function limitPasswords(passwords: Passwords): Passwords {
  let running = 0
  const waiting: (() => void)[] = []

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) {
        throw new AuthError(
          'rate_limited',
          'Too many people are signing in at the moment. Try again in a little while.',
          {
            retryAfter: 10,
          },
        )
      }
      // The one that ends hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }

  return {
    hash: (password) => inTurn(() => passwords.hash(password)),
    verify: (attempt) => inTurn(() => passwords.verify(attempt)),
  }
}
