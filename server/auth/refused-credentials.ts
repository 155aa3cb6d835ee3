import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import { keyPrefix, startLength } from './keys.ts'

/** Writes down that a key or token was presented that is not valid, or not any more. */
export function recordRefused(identify: Auth['identify'], audit: Pick<Audit, 'record'>): Auth['identify'] {
  return async (headers) => {
    try {
      return await identify(headers)
    } catch (error) {
      if (error instanceof AuthError && error.code === 'invalid_token') {
        const key = keyOf(headers)
        await audit.record({
          ...{ action: key === null ? 'access_refused' : 'key_refused', actor: null },
          ...{ outcome: 'refused', code: error.code },
          // As much as the list of keys shows. Whatever else was presented may be a secret of something else.
          ...(key?.startsWith(keyPrefix) && { details: { start: key.slice(0, startLength) } }),
        })
      }
      throw error
    }
  }
}

function keyOf(headers: Headers): string | null {
  return headers.get('x-api-key') ?? /^apikey +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null
}
