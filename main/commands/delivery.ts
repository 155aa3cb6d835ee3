import type { DeviceCommandResult } from '#protocol/device-commands.ts'
import { rpcErrors } from '#protocol/rpc-errors.ts'
import { backoff } from '../backoff.ts'
import type { Log } from '../log.ts'
import { pause } from '../pause.ts'
import { failureOf } from '../stream.ts'

/** Sends results until the server has them, oldest first, one at a time. */
export interface Delivery extends Disposable {
  /** There may be something to send, or somebody to send it to. */
  flush(): void
}

export interface DeliveryOptions {
  readonly log: Log
  /** The oldest result that the server has not got; null when it has all. */
  next(): DeviceCommandResult | null
  /** Rejects with `{ code, message }` as the SDK does. */
  send(result: DeviceCommandResult): Promise<unknown>
  /** The server has it, or will never take it. */
  delivered(id: string): void
  /** Milliseconds, shortest and longest, before one is sent again. */
  readonly times: { readonly minRetry: number; readonly maxRetry: number }
}

/** The server knows no such command, or not for this device: it asks for no result. */
const unwanted: ReadonlySet<number> = new Set([
  rpcErrors.bad_request,
  rpcErrors.forbidden,
  rpcErrors.not_found,
  rpcErrors.unknown_command,
])

export function createDelivery({ log, next, send, delivered, times }: DeliveryOptions): Delivery {
  const stopped = new AbortController()
  let sending = false
  /** `flush` was called since the last attempt began. */
  let again = false

  async function deliver(): Promise<void> {
    sending = true
    let attempt = 0
    while (!stopped.signal.aborted) {
      const result = next()
      if (result === null) break
      again = false
      const outcome = await attemptTo(result)
      if (stopped.signal.aborted) break
      if (outcome === 'settled') {
        attempt = 0
        delivered(result.id)
      } else if (outcome === 'later') {
        await pause(backoff(attempt++, times.minRetry, times.maxRetry), stopped.signal)
      } else if (!again) break
    }
    sending = false
  }

  /** `offline`: there is no use in trying before the next connection. */
  async function attemptTo(result: DeviceCommandResult): Promise<'settled' | 'later' | 'offline'> {
    const { id } = result
    try {
      await send(result)
      return 'settled'
    } catch (error) {
      const { code, message, final } = failureOf(error)
      if (code === 0) return 'offline'
      log.warn('result not taken', { id, code, message })
      if (unwanted.has(code)) return 'settled'
      return final ? 'offline' : 'later' // a server without the method may be a newer one at the next connection
    }
  }

  return {
    flush() {
      again = true
      if (!sending && !stopped.signal.aborted) void deliver()
    },
    [Symbol.dispose]() {
      stopped.abort()
    },
  }
}
