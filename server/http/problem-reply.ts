import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { type OwnProblem, type ProblemCode, problemDocument } from '#protocol/problem.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import { FleetRefusal } from '#server/fleet/fleet-refusal.ts'
import { RecordsError } from '#server/store/records-error.ts'
import { TaskRefusal } from '#server/tasks/task-refusal.ts'
import { retryAfterOf } from './retry-after.ts'

/** An error a route answers on purpose. `detail` is a sentence that says what to do. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly code: ProblemCode
  constructor(code: ProblemCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** Turns whatever a route threw into a problem document (RFC 9457). The one place where codes become statuses. */
export function replyWithProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const document = problemOf(error, request)
  // What is not available now is told where that is noticed, once and not for everybody who asks.
  if (document.code === 'internal') request.log.error({ err: error }, 'request failed')
  const retryAfter = retryAfterOf(error, document.status)
  if (retryAfter !== null) reply.header('retry-after', retryAfter)
  if (document.status === 401) reply.header('www-authenticate', 'Bearer')
  reply.code(document.status).type('application/problem+json').send(document)
}

export function problemOf(error: FastifyError | Error, request: FastifyRequest): OwnProblem {
  if (error instanceof HttpProblem || error instanceof AuthError || error instanceof FleetRefusal) {
    return problemDocument(error.code, error.message)
  }
  if (error instanceof TaskRefusal) {
    return problemDocument(error.code, error.message, error.errors.length === 0 ? undefined : [...error.errors])
  }
  if (error instanceof RecordsError) return problemDocument('unavailable', error.message)
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.slice(1).replaceAll('/', '.'),
      message: message ?? 'is not valid',
    }))
    return problemDocument('bad_request', errors.map(fieldSentence).join(' '), errors)
  }
  const { code, statusCode } = error as FastifyError
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return problemDocument('malformed_json', 'Send a JSON body with the content type application/json.')
  }
  if (statusCode === 413) {
    const kibibytes = Math.floor(request.routeOptions.bodyLimit / 1024)
    return problemDocument('payload_too_large', `Send a smaller body: ${kibibytes} KiB at most.`)
  }
  if (statusCode === 415) return problemDocument('bad_request', 'Send the content type application/json.')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return problemDocument('bad_request', error.message)
  }
  return problemDocument('internal', 'Try again; if it happens again, look into the server log.')
}

function fieldSentence({ path, message }: { path: string; message: string }): string {
  return path === '' ? message : `${path}: ${message}`
}
