import { z } from 'zod'
import { serverInfo } from '#protocol/api.ts'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Whether the server lives, and that it is a Carillon. */
export const statusRoutes: Routes = (app, parts) => {
  const { auth, store, records, isEngineUp, rabbitMqState, version, isLocal, listensAt } = parts
  app.get(
    '/.well-known/carillon',
    { schema: { summary: 'That this is a Carillon server, and which.', response: { 200: serverInfo } } },
    async ({ raw }) => {
      const address = isLocal(raw) ? listensAt() : null
      return {
        name: 'carillon' as const,
        version,
        setUp: await auth.setup.isDone(),
        ...(address !== null && { address }),
      }
    },
  )
  app.get('/health/live', { schema: { summary: 'Whether the server runs.', response: { 200: state } } }, async () => ({
    status: 'ok' as const,
  }))
  app.get(
    '/health/ready',
    { schema: { summary: 'Whether the server and what it needs can be used.', response: { 200: readiness } } },
    async () => {
      store.sqlite.exec('select 1')
      if (!(await records.isUp())) {
        throw new HttpProblem('unavailable', 'The database does not answer. Look after PostgreSQL, and try again.')
      }
      if (!(await isEngineUp())) {
        throw new HttpProblem('unavailable', 'What the nodes share does not answer. Look after Redis, and try again.')
      }
      // Clients are served without it as well: sending them elsewhere would help nobody.
      return { status: 'ok' as const, ...(rabbitMqState && { rabbitmq: rabbitMqState() }) }
    },
  )
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

const state = z.object({ status: z.literal('ok') })
const readiness = state.extend({ rabbitmq: z.enum(['up', 'away', 'blocked']).optional() })
