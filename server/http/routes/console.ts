import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'
import { pagePolicy } from '../security-headers.ts'

/** The paths at which the console draws a page of its own. */
const pages = [
  '/',
  '/setup',
  '/reset',
  '/screens/:name',
  '/enrol',
  '/live',
  '/connections',
  '/tasks',
  '/tasks/:id',
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
export const consoleRoutes: Routes = async (app, { consoleFolder, consolePage }) => {
  if (consoleFolder === null || consolePage === null) {
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
  await app.register(fastifyStatic, {
    root: join(consoleFolder, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: '365d',
    decorateReply: false,
  })
  for (const path of pages) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => sendConsole(reply, consolePage))
  }
}

/** Answers the page that draws all of them. */
export type ConsolePage = () => Promise<string>

/**
 * Null when the console is not built. The page is read for each visit: it names its scripts, and those that it named
 * before are gone when the console is built anew under a running server. While that happens the one from before is sent.
 */
export async function readConsole(folder: string | null): Promise<ConsolePage | null> {
  if (folder === null) return null
  const read = () => readFile(join(folder, 'index.html'), 'utf8')
  let last = await read()
  return async () => {
    last = await read().catch(() => last)
    return last
  }
}

/** Where there is no page the console says so, at the address that was asked for. */
export async function sendConsole(reply: FastifyReply, page: ConsolePage): Promise<FastifyReply> {
  const text = await page()
  return reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(text)
}

/** Somebody at a browser, and not a program that has the address of the API wrong. */
export function isVisit({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true && !url.startsWith('/api')
}
