import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib'
import type { Logger } from 'pino'
import { AmqpError } from './amqp-error.ts'
import type { AmqpConnection } from './connection.ts'
import { retryDelay } from './retry-delay.ts'
import { within } from './within.ts'

/** One channel on a connection, opened again whenever it or the connection has ended. */
export interface KeptChannel<C extends Channel> extends AsyncDisposable {
  /** The one that works now; null while there is none. Never kept by the caller: an old one throws. */
  current(): C | null
}

export interface KeptChannelOptions<C extends Channel> {
  readonly connection: AmqpConnection
  readonly open: (model: ChannelModel) => Promise<C>
  /** Makes it ready: declares, sets the prefetch, consumes. It is `current` once that has resolved. */
  readonly prepare: (channel: C) => Promise<void>
  /** It is `current` now. */
  readonly onReady?: (() => void) | undefined
  /** One that was opened has ended. */
  readonly onEnded?: () => void
  readonly log: Logger
}

export function keepChannel<C extends Channel = ConfirmChannel>(options: KeptChannelOptions<C>): KeptChannel<C> {
  const { connection, open, prepare, onReady, onEnded, log } = options
  let current: C | null = null
  let attempt = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let lastFault = ''
  const stop = connection.onUp((model, ended) => {
    clearTimeout(timer)
    attempt = 0
    void begin(model, ended)
  })

  return {
    current: () => current,
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      stop()
      clearTimeout(timer)
      const channel = current
      current = null
      if (channel !== null) await within(closeTimeoutMs, channel.close()).catch(() => {}) // closed already
    },
  }

  async function begin(model: ChannelModel, ended: AbortSignal): Promise<void> {
    if (closed || ended.aborted) return
    let opened: C | undefined
    let phase: 'preparing' | 'open' | 'ended' = 'preparing'
    try {
      const channel = await within(prepareTimeoutMs, open(model))
      opened = channel
      let fault: Error | null = null
      channel.on('error', (error) => {
        fault = error
      })
      channel.on('handler-error', (error: Error) => log.error({ err: error }, 'a listener of a channel failed'))
      channel.on('close', () => {
        const wasOpen = phase === 'open'
        phase = 'ended'
        if (current === channel) current = null
        onEnded?.()
        if (!wasOpen || closed || ended.aborted) return
        log.warn({ reason: fault?.message ?? 'it was closed' }, 'a channel to RabbitMQ has ended')
        retryLater(model, ended)
      })
      await within(prepareTimeoutMs, prepare(channel))
      if (hasEnded()) throw fault ?? new AmqpError('away', 'The channel ended while it was made ready.')
      phase = 'open'
      if (closed) return void (await channel.close())
      current = channel
      lastFault = ''
      onReady?.()
    } catch (error) {
      await opened?.close().catch(() => {}) // closed already
      if (closed || ended.aborted) return
      const fault = error instanceof Error ? error.message : String(error)
      if (fault !== lastFault) log.error({ reason: fault }, 'a channel to RabbitMQ cannot be used')
      lastFault = fault
      retryLater(model, ended)
    }

    function hasEnded(): boolean {
      return phase === 'ended'
    }
  }

  function retryLater(model: ChannelModel, ended: AbortSignal): void {
    attempt += 1
    timer = setTimeout(() => void begin(model, ended), retryDelay(attempt))
  }
}

const prepareTimeoutMs = 15_000
const closeTimeoutMs = 1_000
