import { z } from 'zod'
import { taskQuery, taskRequest } from '#protocol/tasks.ts'
import type { RpcHandler } from '#server/realtime/rpc.ts'
import { rpcMethods } from '#server/realtime/rpc-methods.ts'
import type { TaskDesk } from './task-desk.ts'
import { TaskRefusal } from './task-refusal.ts'

/** What a client asks about tasks over its socket, and a service with `POST /api/rpc`. */
export function taskMethods(desk: TaskDesk): ReadonlyMap<string, RpcHandler> {
  return new Map([
    method('tasks.submit', taskRequest, async ({ identity }, request) => (await desk.submit(identity, request)).task),
    method('tasks.get', byId, ({ identity }, { id }) => desk.get(identity, id)),
    method('tasks.list', listQuery, ({ identity }, query) => desk.list(identity, query)),
    method('tasks.cancel', byId, ({ identity }, { id }) => desk.cancel(identity, id)),
    method('tasks.retry', byId, ({ identity }, { id }) => desk.retry(identity, id)),
    method('tasks.definitions', z.object({}), async ({ identity }) => ({ items: await desk.definitions(identity) })),
  ])
}

const byId = z.object({ id: z.uuid('Give the id of a task.') })
/** In JSON a limit is a number and `mine` may be one of the two it can be. */
const listQuery = taskQuery.extend({
  mine: z.union([taskQuery.shape.mine, z.boolean().transform((mine) => (mine ? ('true' as const) : undefined))]),
})

const method = rpcMethods((error) => (error instanceof TaskRefusal ? error.code : null))
