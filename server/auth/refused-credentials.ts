import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import { keyPrefix, startLength } from './keys.ts'
import { requestOrigin } from './origin.ts'
import { keyIn } from './presented.ts'

/** Writes down that a key or token was presented that is not valid, or not any more. */
export function recordRefused(identify: Auth['identify'], audit: Pick<Audit, 'record'>): Auth['identify'] {
  return async (headers) => {
    try {
      return await identify(headers)
    } catch (error) {
      if (error instanceof AuthError && error.code === 'invalid_token') {
        const key = keyIn(headers)
        const { route } = requestOrigin()
        await audit.record({
          ...{ action: key === null ? 'access_refused' : 'key_refused', actor: null },
          ...{ outcome: 'refused', code: error.code },
          ...(route !== undefined && { target: { kind: 'route', id: route, name: route } }),
          // As much as the list of keys shows. Whatever else was presented may be a secret of something else.
          ...(key?.startsWith(keyPrefix) && { details: { start: key.slice(0, startLength) } }),
        })
      }
      throw error
    }
  }
}
