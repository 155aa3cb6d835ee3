import type { RpcRequest } from '#protocol/client-protocol.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Client } from './client.ts'
import { abortedAfter } from './deadline.ts'
import { failed, type Outcome } from './outcome.ts'

/** Answers one RPC method with a JSON value. Throws an `RpcError` for what the caller should be told. */
export type RpcHandler = (call: RpcCall) => Promise<unknown>

export interface RpcCall {
  readonly identity: Identity
  /** The connection's id, new at every reconnect; empty for a call over HTTP. */
  readonly client: string
  /** As the client sent it: parse before use. */
  readonly data: unknown
  /** Aborted when the answer is no longer waited for. */
  readonly signal: AbortSignal
}

/** What an RPC handler tells its caller. `code` is from 400 to 1999 and the application's own. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export async function rpc(client: Client, { method = '', data }: RpcRequest): Promise<Outcome> {
  const { rpc: handlers, limits } = client.services
  const { identity } = client
  // Methods work on records, and of users of the site there are none.
  if (handlers.size === 0 || identity.kind === 'external') return failed('notAvailable')
  const handler = handlers.get(method)
  if (!handler) return failed('methodNotFound')
  try {
    const answer = await abortedAfter(limits.rpcMs, `rpc ${method}`, (signal) =>
      handler({ identity, client: client.id, data, signal }),
    )
    return { kind: 'result', result: answer === undefined ? '{}' : `{"data":${JSON.stringify(answer)}}` }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return { kind: 'application_error', code: error.code, message: error.message }
  }
}
