import { setTimeout as delay } from 'node:timers/promises'
import type { ChannelModel } from 'amqplib'
import type { Logger } from 'pino'
import { type AmqpTarget, describeAmqp } from '#server/config/amqp.ts'
import { dial } from './dial.ts'
import { retryDelay } from './retry-delay.ts'

/** One connection to RabbitMQ, opened again whenever it breaks. Nothing is kept for when it is back. */
export interface AmqpConnection extends AsyncDisposable {
  isUp(): boolean
  /** Why RabbitMQ takes nothing over this connection at present; null when it does. */
  blocked(): string | null
  /**
   * Called with each connection that is opened; at once when there is one. Its signal is aborted when that connection
   * ends. Returns the removal.
   */
  onUp(listener: (model: ChannelModel, ended: AbortSignal) => void): () => void
  /** RabbitMQ takes nothing any more, for this reason, or again (null). Returns the removal. */
  onBlocked(listener: (reason: string | null) => void): () => void
  /** Resolves when it is up; false when it is not within this time. */
  whenUp(timeoutMs: number): Promise<boolean>
}

export interface AmqpConnectionOptions {
  readonly target: AmqpTarget
  /** What RabbitMQ shows for it: `carillon host_8750 publishes`. */
  readonly name: string
  readonly log: Logger
}

/** Begins at once, and goes on for as long as it takes. */
export function keepConnection({ target, name, log: parent }: AmqpConnectionOptions): AmqpConnection {
  const log = parent.child({ rabbitmq: describeAmqp(target), connection: name })
  const upListeners = new Set<(model: ChannelModel, ended: AbortSignal) => void>()
  const blockedListeners = new Set<(reason: string | null) => void>()
  let up: { readonly model: ChannelModel; readonly ended: AbortController } | null = null
  let blockedReason: string | null = null
  let attempt = 0
  let timer: NodeJS.Timeout | undefined
  let lastFault = ''
  let closed = false
  let dialing = open()

  return {
    isUp: () => up !== null,
    blocked: () => blockedReason,
    onUp(listener) {
      upListeners.add(listener)
      if (up !== null) listener(up.model, up.ended.signal)
      return () => void upListeners.delete(listener)
    },
    onBlocked(listener) {
      blockedListeners.add(listener)
      return () => void blockedListeners.delete(listener)
    },
    whenUp(timeoutMs) {
      if (up !== null) return Promise.resolve(true)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const deadline = setTimeout(resolve, timeoutMs, false)
      const listener = () => resolve(true)
      upListeners.add(listener)
      return promise.finally(() => {
        clearTimeout(deadline)
        upListeners.delete(listener)
      })
    },
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      clearTimeout(timer)
      upListeners.clear()
      blockedListeners.clear()
      // One that is just being opened is closed as soon as it is.
      await Promise.race([dialing, delay(closeGraceMs, null, { ref: false })])
      if (up !== null) await closeWithin(up.model, closeGraceMs)
    },
  }

  async function open(): Promise<void> {
    let model: ChannelModel
    try {
      model = await dial(target, name)
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      // Said once, and not again at each attempt.
      if (fault !== lastFault && !closed) log.warn({ reason: fault }, 'RabbitMQ cannot be reached')
      lastFault = fault
      retryLater()
      return
    }
    if (closed) {
      model.on('error', () => {})
      await closeWithin(model, closeGraceMs)
      return
    }
    begin(model)
  }

  function begin(model: ChannelModel): void {
    const ended = new AbortController()
    let fault = 'it was closed'
    model.on('error', (error) => {
      fault = error.message
    })
    // What a callback throws would otherwise end the connection, or the process.
    model.on('handler-error', (error: Error) => log.error({ err: error }, 'a listener of RabbitMQ failed'))
    model.on('blocked', (reason) => {
      log.error({ reason }, 'RabbitMQ takes nothing any more: free disk or memory on its machine')
      tellBlocked(String(reason) || 'unknown')
    })
    model.on('unblocked', () => {
      log.info('RabbitMQ takes messages again')
      tellBlocked(null)
    })
    model.on('close', (error?: Error) => {
      if (up?.model !== model) return
      up = null
      if (!closed) log.warn({ reason: error?.message ?? fault }, 'RabbitMQ is away')
      ended.abort()
      if (blockedReason !== null) tellBlocked(null)
      retryLater()
    })
    up = { model, ended }
    lastFault = ''
    const { version, product } = model.connection.serverProperties
    log.info({ version, product }, 'RabbitMQ is there')
    // Not before it has stayed for a while: one that is thrown out at once comes back more slowly each time.
    const settled = setTimeout(() => {
      attempt = 0
    }, settledMs).unref()
    ended.signal.addEventListener('abort', () => clearTimeout(settled))
    for (const listener of [...upListeners]) guard(() => listener(model, ended.signal))
  }

  function retryLater(): void {
    if (closed) return
    attempt += 1
    timer = setTimeout(() => {
      dialing = open()
    }, retryDelay(attempt))
  }

  function tellBlocked(reason: string | null): void {
    blockedReason = reason
    for (const listener of [...blockedListeners]) guard(() => listener(reason))
  }

  function guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      log.error({ err: error }, 'a listener of the connection to RabbitMQ failed')
    }
  }
}

const settledMs = 5_000
const closeGraceMs = 1_000

/** One that does not answer is cut off. */
export async function closeWithin(model: ChannelModel, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, graceMs)
  model.close().then(resolve, () => resolve()) // closed already
  await promise
  clearTimeout(timer)
  // amqplib's own object, of which its types say less.
  const { stream } = model.connection as unknown as { readonly stream: { destroy(): void } }
  stream.destroy()
}
