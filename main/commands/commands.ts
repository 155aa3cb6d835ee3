import type { DeviceCommand, DeviceCommandResult } from '#protocol/device-commands.ts'
import { before } from '../before.ts'
import type { JsonFile } from '../json-file.ts'
import type { Log } from '../log.ts'
import { newestFile } from '../newest-file.ts'
import { createDelivery } from './delivery.ts'
import { begin, emptyLedger, end, isFull, isKnown, type Ledger, type Run, report, resume } from './ledger.ts'
import { receive } from './receive.ts'

/**
 * The commands of one device: each carried out once at most, one after another, none after its deadline, and each with
 * one result that is sent until the server has it.
 */
export interface Commands extends AsyncDisposable {
  /** Takes what arrived on the channel of the device, now unless told otherwise. */
  take(data: unknown, from?: Arrival): Taken
  /** Something newer is on the screen: what waits to be shown is not shown any more. */
  overtake(): void
  /** The server can be reached again. */
  online(): void
}

/** `past`: before the channel was listened to. `overtaken`: likewise, and something newer is on the screen already. */
export type Arrival = 'now' | 'past' | 'overtaken'

/** `known`: it has been taken before. `other`: it is no command. */
export type Taken = 'taken' | 'known' | 'other'

/** What a command brought. `refused`: this device cannot do it; nothing has happened. */
export type Effect =
  | { readonly state: 'done'; readonly message: string; readonly value?: DeviceCommandResult['value'] }
  | { readonly state: 'failed' | 'refused'; readonly code: string; readonly message: string }

export interface CommandsOptions {
  /** The id of this device. */
  readonly device: string
  /** What it is called now. */
  name(): string
  readonly file: JsonFile<Ledger>
  readonly run: Run
  readonly log: Log
  /** Milliseconds since 1970, by the server's clock as far as it is known. */
  now(): number
  /** Does it. What it throws is a failure; it is not waited for any longer once the signal aborts. */
  carryOut(command: DeviceCommand, signal: AbortSignal): Promise<Effect>
  /** Gives a result to the server. Rejects with `{ code, message }` as the SDK does. */
  send(result: DeviceCommandResult): Promise<unknown>
  readonly times?: Partial<CommandTimes>
}

export interface CommandTimes {
  /** Milliseconds that a command may take, and one that ends the app. */
  readonly patience: number
  readonly lastPatience: number
  /** Shortest and longest wait before a result is sent again. */
  readonly minRetry: number
  readonly maxRetry: number
}

const usualTimes: CommandTimes = { patience: 60_000, lastPatience: 300_000, minRetry: 1000, maxRetry: 60_000 }

/** Commands that wait. More are refused. */
export const maxWaiting = 50

/** What ends the app, and with it this run's knowledge of how it went. */
const isLast = (command: DeviceCommand['command']): boolean => command === 'restart-app' || command === 'reboot'

export async function openCommands(options: CommandsOptions): Promise<Commands> {
  const { device, file, log, run } = options
  const times = { ...usualTimes, ...options.times }
  const stopped = new AbortController()
  /** The first one is being carried out. */
  const waiting: DeviceCommand[] = []
  const overtaken = new Set<string>()
  const keeper = newestFile(file, 'commands', log)
  let working = false

  const kept = await file.read()
  const remembers = kept?.device === device
  let known = resume(remembers ? kept : emptyLedger(device), run)
  /** What the next run would find: only that is told to the server, so that it never hears two ends of one command. */
  let settled = known
  const delivery = createDelivery({
    log,
    times,
    next: () => settled.results.find((result) => known.results.includes(result)) ?? null,
    send: options.send,
    delivered(id) {
      known = report(known, id)
      void save()
    },
  })
  await save()

  /** Whether the ledger as it is now is on the card. One that cannot be written is gone by all the same. */
  async function save(): Promise<boolean> {
    const now = known
    const isKept = await keeper.save(now)
    settled = now
    return isKept
  }

  async function conclude(result: DeviceCommandResult): Promise<void> {
    const { id, state, code } = result
    log.info('command ended', { id, state, code })
    known = end(known, result)
    await save()
    delivery.flush()
  }

  async function work(): Promise<void> {
    if (working) return
    working = true
    for (let next = waiting[0]; next !== undefined && !stopped.signal.aborted; next = waiting[0]) {
      await carryOut(next)
      waiting.shift()
      overtaken.delete(next.id)
    }
    working = false
  }

  async function carryOut(command: DeviceCommand): Promise<void> {
    const { id } = command
    if (isLate(command)) return conclude(expired(id))
    log.info('command begun', { id, command: command.command })
    known = begin(known, id, command.command, run)
    const isKept = await save()
    if (stopped.signal.aborted) return
    if (isLate(command)) return conclude(expired(id)) // a worn card can take seconds
    if (overtaken.has(id)) {
      const message = 'It was not shown: something newer was on the screen already.'
      return conclude({ id, state: 'refused', code: 'overtaken', message })
    }
    if (!isKept && isLast(command.command)) {
      const message =
        'It was not begun: the device cannot write to its card, and after the start would do it again. Look at the card.'
      return conclude({ id, state: 'failed', code: 'not_kept', message })
    }
    const effect = await effectOf(command)
    // Of what is broken off by our own end the next run says how it went.
    if (effect !== null) await conclude(resultOf(id, effect))
  }

  function isLate({ deadline }: DeviceCommand): boolean {
    return options.now() > Date.parse(deadline)
  }

  async function effectOf(command: DeviceCommand): Promise<Effect | null> {
    const patience = isLast(command.command) ? times.lastPatience : times.patience
    const late = AbortSignal.timeout(patience)
    const signal = AbortSignal.any([late, stopped.signal])
    try {
      return await before(signal, options.carryOut(command, signal))
    } catch (error) {
      if (stopped.signal.aborted) return null
      if (late.aborted) {
        const seconds = Math.round(patience / 1000)
        return { state: 'failed', code: 'timed_out', message: `It had not ended after ${seconds} s.` }
      }
      const reason = error instanceof Error ? error.message : String(error)
      log.error('command failed', { id: command.id, error: reason })
      return { state: 'failed', code: 'failed', message: `It did not work: ${reason}`.slice(0, 1000) }
    }
  }

  return {
    take(data, from = 'now') {
      const past = from !== 'now'
      const received = receive(data, [device, options.name()])
      if (received.kind === 'other') return 'other'
      // The channel belongs to the name: who had it before may have left commands behind.
      if (past && received.kind === 'refused' && received.result.code === 'other_device') return 'known'
      const { id } = received.kind === 'command' ? received.command : received.result
      if (isKnown(known, id) || waiting.some((one) => one.id === id)) {
        log.info('command known', { id })
        return 'known'
      }
      if (isFull(known)) {
        // Left to the server, which sends it again or lets it expire.
        log.warn('command left', { id, results: known.results.length })
      } else if (received.kind === 'refused') {
        void conclude(received.result)
      } else if (past && !remembers && isLast(received.command.command)) {
        // It may be what this app has just come back from.
        const message =
          'The device remembers no commands and cannot tell whether this was done. Send it again if need be.'
        void conclude({ id, state: 'refused', code: 'forgotten', message })
      } else if (waiting.length >= maxWaiting) {
        const message = `${maxWaiting} commands wait on this device already. Send it again in a while.`
        void conclude({ id, state: 'refused', code: 'busy', message })
      } else {
        if (from === 'overtaken' && received.command.command === 'show') overtaken.add(id)
        waiting.push(received.command)
        void work()
      }
      return 'taken'
    },
    overtake() {
      for (const { id, command } of waiting) if (command === 'show') overtaken.add(id)
    },
    online: () => delivery.flush(),
    async [Symbol.asyncDispose]() {
      stopped.abort()
      delivery[Symbol.dispose]()
      await keeper.saved() // another run may take over the file
    },
  }
}

function expired(id: string): DeviceCommandResult {
  const message = 'It came to its turn after its deadline and was not begun. Send it again if it is still wanted.'
  return { id, state: 'expired', code: 'expired', message }
}

function resultOf(id: string, effect: Effect): DeviceCommandResult {
  if (effect.state !== 'done') return { id, ...effect }
  const { state, message, value } = effect
  return { id, state, code: null, message, ...(value === undefined ? {} : { value }) }
}
