import { z } from 'zod'
import { expositionType } from '#server/metrics/exposition.ts'
import type { Routes } from '../app.ts'

/**
 * For Prometheus. Not for everybody, and not for whoever comes from loopback either, because behind a proxy on this
 * machine that is everybody.
 */
export const metricsRoutes: Routes = (app, { metrics, metricsArePublic, callers }) => {
  app.get(
    '/metrics',
    {
      config: { roles: ['admin'], scope: 'metrics' },
      schema: { summary: 'Metrics, as Prometheus reads them.', response: { 200: z.string() } },
    },
    async (request, reply) => {
      if (!metricsArePublic) await callers.allowed(request)
      return reply.type(expositionType).send(await metrics.read())
    },
  )
}
