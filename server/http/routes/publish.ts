import { publishAnswer, publishRequest } from '#protocol/api.ts'
import { replyErrors } from '#protocol/error-codes.ts'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'

/** The realtime server API, in the shape of Centrifugo's. */
export const publishRoutes: Routes = (app, { realtime, callers }) => {
  app.post('/api/publish', { schema: { body: publishRequest, response: { 200: publishAnswer } } }, async (request) => {
    const by = await callers.allowed(request, ['admin', 'operator', 'viewer', 'device'], 'publish')
    const { channel, data, tags, idempotency_key } = request.body
    const outcome = await realtime.publish(by, {
      channel,
      data,
      ...(tags === undefined ? {} : { tags }),
      ...(idempotency_key === undefined ? {} : { idempotencyKey: idempotency_key }),
    })
    if (outcome.ok) return { result: { offset: outcome.offset, epoch: outcome.epoch } }
    // Centrifugo's libraries read the error from a 200; only trouble of the server's own has a status of its own.
    const { code } = replyErrors[outcome.error]
    if (outcome.error === 'internal') throw new HttpProblem('unavailable', outcome.message)
    return { error: { code, message: outcome.message } }
  })
}
