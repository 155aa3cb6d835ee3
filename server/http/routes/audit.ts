import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { auditExportFormat, auditFilter, auditView } from '#protocol/audit.ts'
import type { Routes } from '../app.ts'
import { auditWriters } from '../audit-export.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Who did what. */
export const auditRoutes: Routes = (app, { auth: { audit }, callers, log }) => {
  let exports = 0

  app.get(
    '/api/v1/audit',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        querystring: listQuery,
        summary: 'The audit record, newest first.',
        description:
          'A page may have fewer entries than its limit, or none, and others after it: go on until next is null.',
        response: { 200: page(auditView) },
      },
    },
    async (request) => {
      await callers.allowed(request)
      const { limit, cursor = null, ...filter } = request.query
      const { items, next } = await audit.list(filter, { limit, cursor })
      return { items: [...items], next }
    },
  )
  app.get(
    '/api/v1/audit/export',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: { querystring: exportQuery, summary: 'The audit record as a file, oldest first.' },
    },
    async (request, reply) => {
      await callers.allowed(request)
      const { format, ...filter } = request.query
      if (exports >= maxExports) {
        throw new HttpProblem(
          'rate_limited',
          `${maxExports} exports are under way already. Wait for one of them to end.`,
        )
      }
      const details = Object.entries({ format, ...filter }).filter((entry): entry is [string, string] => !!entry[1])
      await audit.record({ action: 'audit_export', details: Object.fromEntries(details) })
      const { type, write } = auditWriters[format]
      const text = write(audit.read(filter))
      exports++
      text.once('close', () => exports--)
      text.once('error', (error) => log.warn({ err: error }, 'an export of the audit record was broken off'))
      // Whoever takes nothing of it for so long does not come back.
      reply.raw.setTimeout(idleMs, () => reply.raw.destroy())
      const name = `carillon-audit-${new Date().toISOString().slice(0, 10)}.${format}`
      return reply.header('content-disposition', `attachment; filename="${name}"`).type(type).send(text)
    },
  )
}

/** At a time and process: each reads for as long as its reader takes. */
const maxExports = 4

const idleMs = 60_000

const listQuery = auditFilter.extend({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(100).optional(),
})

const exportQuery = auditFilter.extend({ format: auditExportFormat.default('csv') })
