import { noNamespaceFor } from '#protocol/channel.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { ClientInfo, HistoryPage } from '#server/broker/broker.ts'
import { type Access, hasHistory } from './access.ts'
import { type Answered, answered, type Refused, refused, withBroker } from './answered.ts'
import { abortedAfter } from './deadline.ts'
import { type HistoryCall, readHistory } from './history.ts'
import { RpcError } from './rpc.ts'
import type { Services } from './services.ts'

/** What somebody who is not on a socket may read and call, with the same permissions as on one. */
export interface ServerCalls {
  presence(by: Identity, channel: string): Promise<Answered<readonly ClientInfo[]>>
  history(by: Identity, channel: string, call: HistoryCall): Promise<Answered<HistoryPage>>
  /** Whether the caller may do so is not asked here. */
  removeHistory(channel: string): Promise<Answered<null>>
  /** Calls a registered RPC method. The answer is what its handler gives, a JSON value or undefined. */
  rpc(by: Identity, method: string, data: unknown): Promise<Answered<unknown>>
}

export function createServerCalls(services: Services): ServerCalls {
  const { access, broker, rpc: handlers, limits, log } = services

  return {
    async presence(by, channel) {
      const allowed = access.check(by, 'presence', channel)
      if (!allowed.ok) return notAllowed(allowed, channel)
      return withBroker(async () => answered(await broker.presence(channel)))
    },
    async history(by, channel, call) {
      const allowed = access.check(by, 'history', channel)
      if (!allowed.ok) return notAllowed(allowed, channel)
      return withBroker(async () => {
        const read = await readHistory(services, channel, allowed.policy, call)
        return read.ok ? answered(read.page) : refused(read.error, read.message)
      })
    },
    async removeHistory(channel) {
      const policy = access.policyOf(channel)
      if (!policy) return refused('unknownChannel', noNamespaceFor(channel))
      if (!hasHistory(policy)) return refused('notAvailable', `Nothing is kept of ${channel}.`)
      return withBroker(async () => {
        await broker.removeHistory(channel)
        return answered(null)
      })
    },
    async rpc(by, method, data) {
      const handler = handlers.get(method)
      if (!handler) return refused('methodNotFound', `There is no RPC method ${method}.`)
      try {
        const answer = await abortedAfter(limits.rpcMs, `rpc ${method}`, (signal) =>
          handler({ identity: by, client: '', data, signal }),
        )
        return answered(answer)
      } catch (error) {
        if (error instanceof RpcError) return { ok: false, code: error.code, message: error.message }
        log.error({ err: error, method }, 'rpc failed on our side')
        return refused('internal')
      }
    },
  }
}

function notAllowed({ error, message }: Extract<Access, { ok: false }>, channel: string): Refused {
  return refused(error, message ?? (error === 'unknownChannel' ? noNamespaceFor(channel) : undefined))
}
