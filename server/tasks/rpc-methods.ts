import { z } from 'zod'
import { type RpcErrorName, rpcErrors } from '#protocol/rpc-errors.ts'
import { taskQuery, taskRequest } from '#protocol/tasks.ts'
import { type RpcCall, RpcError, type RpcHandler } from '#server/realtime/rpc.ts'
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

function method<S extends z.ZodType>(
  name: string,
  schema: S,
  answer: (call: RpcCall, data: z.output<S>) => Promise<unknown>,
): [string, RpcHandler] {
  return [
    name,
    async (call) => {
      const parsed = schema.safeParse(call.data ?? {})
      if (!parsed.success) throw rpcError('bad_request', sentencesOf(parsed.error.issues))
      try {
        return await answer(call, parsed.data)
      } catch (error) {
        if (!(error instanceof TaskRefusal)) throw error
        throw rpcError(error.code, error.message, error)
      }
    },
  ]
}

function rpcError(name: RpcErrorName, message: string, cause?: Error): RpcError {
  return new RpcError(rpcErrors[name], message, { cause })
}

/** Long enough for a person; a request may be wrong in a thousand places. */
function sentencesOf(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const sentences = issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  return sentences.slice(0, 5).join(' ')
}
