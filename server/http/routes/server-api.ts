import type { FastifyReply, FastifyRequest, FastifyTypeProviderDefault } from 'fastify'
import { z } from 'zod'
import { replyErrors } from '#protocol/error-codes.ts'
import { serverError } from '#protocol/publications.ts'
import {
  batchAnswer,
  batchRequest,
  maxBatchBytes,
  type ServerMethodName,
  type ServerRequest,
  serverMethodNames,
  serverMethods,
} from '#protocol/server-api.ts'
import { forbiddenBecause } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import { isTemporary, type Refused } from '#server/realtime/answered.ts'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'
import { performBatch } from '../server-api/batch.ts'
import { performLegacy } from '../server-api/legacy.ts'
import { errorText, perform, replyText } from '../server-api/perform.ts'

/**
 * The realtime server API, in the shape of Centrifugo's. Its libraries read an error from a 200; a caller who asks for
 * it gets a status instead. What never reached a method is a problem document, as everywhere.
 */
export const serverApiRoutes: Routes = async (app, { realtime, callers }) => {
  const identities = new WeakMap<FastifyRequest, Identity>()
  // Before the body is read, which may be large.
  app.addHook('onRequest', async (request) => {
    identities.set(request, await callers.signedIn(request, 'services too'))
  })

  // Response schemas only describe: what is sent is text already.
  const methods = app.withTypeProvider<FastifyTypeProviderDefault>()
  for (const name of serverMethodNames) {
    const { request: body, result, summary } = serverMethods[name]
    methods.post(
      `/api/${name}`,
      {
        schema: {
          body,
          summary,
          description: whoMay(name),
          response: { 200: z.union([z.object({ result }), serverError]) },
        },
        bodyLimit: name === 'broadcast' ? maxBatchBytes : maxCallBytes,
      },
      (request, reply) => answer(name, request, reply),
    )
  }
  app.post(
    '/api/batch',
    {
      schema: { body: batchRequest, summary: 'Several calls in one request.', response: { 200: batchAnswer } },
      bodyLimit: maxBatchBytes,
    },
    async (request, reply) => sendJson(reply, await performBatch(realtime, callerOf(request), request.body)),
  )
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'string', bodyLimit: maxBatchBytes },
      async (_: unknown, body: string) => body,
    )
    scope.post(
      '/api',
      { schema: { summary: 'Several calls, a line each, as older libraries send them.' } },
      async (request, reply) =>
        sendJson(reply, await performLegacy(realtime, callerOf(request), String(request.body ?? ''))),
    )
  })

  async function answer(name: ServerMethodName, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const by = callerOf(request)
    const { roles, scope } = serverMethods[name]
    const forbidden = forbiddenBecause(by, roles, scope)
    if (forbidden !== null) throw new HttpProblem('forbidden', forbidden)
    const outcome = await perform(realtime, by, name, request.body as ServerRequest<typeof name>)
    if (outcome.ok) return sendJson(reply, replyText(outcome))
    if (request.headers['x-centrifugo-error-mode'] === 'transport') {
      return sendJson(reply.code(statusOf(outcome)), errorText(outcome))
    }
    if (isTemporary(outcome)) throw new HttpProblem('unavailable', outcome.message)
    return sendJson(reply, replyText(outcome))
  }

  function callerOf(request: FastifyRequest): Identity {
    const identity = identities.get(request)
    if (!identity) throw new Error('a request has reached its route without a caller')
    return identity
  }
}

/** A publication of 64 KiB, escaped. */
const maxCallBytes = 128 * 1024

/** It is JSON text already, so no serializer is to see it. */
function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(text)
}

function whoMay(name: ServerMethodName): string {
  const { scope, roles } = serverMethods[name]
  return `${scope === null ? 'Any API key' : `An API key with the scope ${scope}`}; people as ${roles.join(', ')}.`
}

/** As Centrifugo has it. */
function statusOf({ code }: Refused): number {
  return statuses.get(code) ?? 500
}

const statuses: ReadonlyMap<number, number> = new Map([
  [replyErrors.internal.code, 503],
  [replyErrors.unknownChannel.code, 404],
  [replyErrors.methodNotFound.code, 404],
  [replyErrors.permissionDenied.code, 403],
  [replyErrors.badRequest.code, 400],
  [replyErrors.notAvailable.code, 400],
  [replyErrors.limitExceeded.code, 400],
  [replyErrors.unrecoverablePosition.code, 416],
])
