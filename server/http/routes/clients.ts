import type { Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { page } from '#protocol/api.ts'
import { clientDetail, clientView, type FramesEvent, framesEvent } from '#protocol/clients.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import type { ClientSummary } from '#server/realtime/client-directory.ts'
import type { Seen, WatchTarget } from '#server/realtime/tap.ts'
import type { Routes } from '../app.ts'
import { byId } from '../by-id.ts'
import { HttpProblem } from '../problem-reply.ts'

/** Open connections, on all nodes. */
export const clientRoutes: Routes = (app, { realtime, callers, log }) => {
  const { clients, steering } = realtime
  let streams = 0

  app.get(
    '/api/v1/clients',
    {
      config: { roles: ['admin', 'operator'], scope: 'admin' },
      schema: { querystring: listQuery, summary: 'Who is connected.', response: { 200: page(clientView) } },
    },
    async (request) => {
      await callers.allowed(request)
      const { search, limit, cursor } = request.query
      const after = cursor === undefined ? undefined : parseCursor(cursor)
      const found = await clients.list({ limit, ...(search && { search }), ...(after && { after }) })
      const last = found.clients.at(-1)
      return {
        items: found.clients.map(viewOf),
        next: found.isLast || last === undefined ? null : `${last.since}.${last.id}`,
      }
    },
  )
  app.get(
    '/api/v1/clients/:id',
    {
      config: { roles: ['admin', 'operator'], scope: 'admin' },
      schema: { params: byId, summary: 'One connection.', response: { 200: clientDetail } },
    },
    async (request) => {
      await callers.allowed(request)
      const client = await clients.find(request.params.id)
      if (client === null) throw gone()
      return viewOf(client)
    },
  )
  app.delete(
    '/api/v1/clients/:id',
    {
      config: { roles: ['admin'], scope: 'admin' },
      schema: {
        params: byId,
        querystring: z.object({ stay_away: z.stringbool().default(false) }),
        summary: 'Closes a connection.',
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const { stay_away } = request.query
      const client = await clients.find(request.params.id)
      if (client === null) throw gone()
      const reason = stay_away ? closeReasons.forceDisconnect : closeReasons.forceReconnect
      const outcome = await steering.disconnect({ user: client.user, client: client.id, ...reason })
      if (!outcome.ok) throw new HttpProblem('unavailable', outcome.message)
      log.info({ by: by.userId, client: client.id, stayAway: stay_away }, 'a client was disconnected')
      return reply.code(204).send()
    },
  )
  app.get(
    '/api/v1/clients/:id/frames',
    { config: { roles: ['admin'], scope: 'admin' }, schema: { params: byId, ...framesSchema } },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const client = await clients.find(request.params.id)
      if (client === null) throw gone()
      const about = { by: by.userId, byName: by.name, client: client.id, user: client.user }
      return stream(request, reply, { kind: 'client', id: client.id }, about)
    },
  )
  app.get(
    '/api/v1/users/:id/frames',
    { config: { roles: ['admin'], scope: 'admin' }, schema: { params: byId, ...framesSchema } },
    async (request, reply) => {
      const by = await callers.allowed(request)
      const { id } = request.params
      return stream(request, reply, { kind: 'user', id }, { by: by.userId, byName: by.name, user: id })
    },
  )

  /** Server-sent events, until the reader goes or may no longer read, or the client or the server goes. */
  async function stream(request: FastifyRequest, reply: FastifyReply, target: WatchTarget, about: object) {
    if (streams >= maxStreams) {
      throw new HttpProblem('rate_limited', `${maxStreams} connections are watched already. Close one of those first.`)
    }
    const abort = new AbortController()
    const { raw } = reply.hijack()
    raw.once('close', () => abort.abort())
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    log.info(about, 'a client is being watched')
    streams += 1
    let lookedAt = performance.now()
    try {
      for await (const seen of clients.watch(target, abort.signal)) {
        const isReadable = raw.write(textOf(seen))
        if (target.kind === 'client' && seen.clients === 0) break
        if (isStopping(request)) break
        if (performance.now() - lookedAt > lookAgainMs) {
          lookedAt = performance.now()
          if (!(await mayStillWatch(request))) break
        }
        // While the reader does not keep up nothing is asked for, and what then is too much is counted by the tap.
        if (!isReadable) await drained(raw)
      }
    } catch (error) {
      log.error({ err: error, ...about }, 'watching a client failed')
    } finally {
      streams -= 1
      raw.end()
      log.info(about, 'a client is no longer watched')
    }
  }

  /** Whoever was signed out, disabled or given another role since the stream was opened may not. */
  async function mayStillWatch(request: FastifyRequest): Promise<boolean> {
    try {
      await callers.allowed(request)
      return true
    } catch (error) {
      if (error instanceof HttpProblem || error instanceof AuthError) return false
      throw error
    }
  }
}

/** How often it is looked at who watches, in milliseconds. */
const lookAgainMs = 2_000

/** At a time and node, because each costs work for every message that is watched. */
const maxStreams = 20

const framesSchema = {
  summary: 'What is sent and received, as server-sent events.',
  response: { 200: framesEvent.describe('The data of each event.') },
}

const listQuery = z.object({
  search: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
})

function parseCursor(cursor: string): { since: number; id: string } {
  const [, since, id] = /^(\d+)\.(.+)$/.exec(cursor) ?? []
  if (since === undefined || id === undefined) {
    throw new HttpProblem('bad_request', 'The cursor is not one of ours. Begin the list again without it.')
  }
  return { since: Number(since), id }
}

function viewOf<T extends ClientSummary>({ node: _, since, ...client }: T) {
  return { ...client, since: new Date(since).toISOString() }
}

function gone(): HttpProblem {
  return new HttpProblem('unknown_client', 'This connection has ended. List the connections again.')
}

/** An event even when nothing was seen: the reader learns that the watch lives, and we that the reader has gone. */
function textOf({ frames, endings, ...seen }: Seen): string {
  const event: FramesEvent = { ...seen, frames: frames.map(withInstant), endings: endings.map(withInstant) }
  return `data: ${JSON.stringify(event)}\n\n`
}

function withInstant<T extends { readonly time: number }>({ time, ...rest }: T) {
  return { ...rest, time: new Date(time).toISOString() }
}

/** The server no longer accepts: streams would keep it from ending. */
function isStopping({ raw }: FastifyRequest): boolean {
  return (raw.socket as { server?: Server }).server?.listening === false
}

function drained(raw: FastifyReply['raw']): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      raw.off('drain', done)
      raw.off('close', done)
      resolve()
    }
    raw.once('drain', done)
    raw.once('close', done)
  })
}
