import type { FastifyRequest } from 'fastify'
import type { Audit } from '#server/auth/audit.ts'
import { requestCaller } from '#server/auth/origin.ts'
import { problemOf } from './problem-reply.ts'
import { routeOf } from './request-origin.ts'

/** Writes down that somebody who is known may not do what they asked for, or that another site's page asked for it. */
export async function recordRefusal(
  audit: Pick<Audit, 'record'>,
  request: FastifyRequest,
  error: Error,
): Promise<void> {
  const { status, code } = problemOf(error, request)
  if (status !== 403 || (requestCaller() === null && code !== 'wrong_origin')) return
  const route = routeOf(request)
  const target = { kind: 'route', id: route, name: route } as const
  await audit.record({ action: 'access_refused', outcome: 'refused', code, target })
}
