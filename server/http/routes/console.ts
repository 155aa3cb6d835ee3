import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyRequest } from 'fastify'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'
import { pagePolicy } from '../security-headers.ts'

/** The paths at which the console draws a page of its own. */
const pages = [
  '/',
  '/setup',
  '/reset',
  '/enrol',
  '/live',
  '/connections',
  '/users',
  '/keys',
  '/services',
  '/audit',
  '/sign-in',
  '/account',
  '/oauth/consent',
  '/device',
]

/** The console: one page and its assets, under a content security policy that lets nothing else run. */
export const consoleRoutes: Routes = async (app, { consoleFolder }) => {
  if (consoleFolder === null) {
    for (const path of pages) {
      app.get(path, { schema: { hide: true } }, async () => {
        throw new HttpProblem(
          'unavailable',
          'The console is not built. Run npm run build in the Carillon folder and start again.',
        )
      })
    }
    return
  }
  const html = await readFile(join(consoleFolder, 'index.html'), 'utf8')
  await app.register(fastifyStatic, {
    root: join(consoleFolder, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: '365d',
    decorateReply: false,
  })
  for (const path of pages) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) =>
      reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(html),
    )
  }
}

/** Somebody at a browser, and not a program that has the address of the API wrong. */
export function isVisit({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true && !url.startsWith('/api')
}
