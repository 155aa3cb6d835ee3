import type { FastifyError, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Callers } from './caller.ts'

/**
 * What is wrong with a request is told to those alone who may send one: to anybody else, that they are nobody here, or
 * that it is not for them. A request that can be read never comes by, since its route asks who sent it.
 */
export async function callerFirst(
  callers: Pick<Callers, 'signedIn' | 'allowed'>,
  request: FastifyRequest,
  error: Error,
): Promise<Error> {
  const { url = '', config } = request.routeOptions
  if (!isUnreadable(error) || config.isOpen === true || !url.startsWith('/api/v1/')) return error
  try {
    await (config.roles === undefined ? callers.signedIn(request, 'services too') : callers.allowed(request))
    return error
  } catch (refusal) {
    return refusal as Error
  }
}

function isUnreadable(error: Error): boolean {
  const { code } = error as FastifyError
  return hasZodFastifySchemaValidationErrors(error) || (typeof code === 'string' && code.startsWith('FST_ERR_CTP_'))
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers everybody, also who has not signed in. */
    readonly isOpen?: true
  }
}
