import type { z } from 'zod'
import { type RpcErrorName, rpcErrors } from '#protocol/rpc-errors.ts'
import { type RpcCall, RpcError, type RpcHandler } from './rpc.ts'

/** Makes methods whose arguments are checked, and whose refusals have a code: that of an error which `codeOf` knows. */
export function rpcMethods(codeOf: (error: unknown) => RpcErrorName | null) {
  return function method<S extends z.ZodType>(
    name: string,
    schema: S,
    answer: (call: RpcCall, data: z.output<S>) => Promise<unknown>,
  ): [string, RpcHandler] {
    return [
      name,
      async (call) => {
        const parsed = schema.safeParse(call.data ?? {})
        if (!parsed.success) throw new RpcError(rpcErrors.bad_request, sentencesOf(parsed.error.issues))
        try {
          return await answer(call, parsed.data)
        } catch (error) {
          const code = codeOf(error)
          if (code === null || !(error instanceof Error)) throw error
          throw new RpcError(rpcErrors[code], error.message, { cause: error })
        }
      },
    ]
  }
}

/** Long enough for a person; a request may be wrong in a thousand places. */
function sentencesOf(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const sentences = issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  return sentences.slice(0, 5).join(' ')
}
