import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { attend } from './host.ts'
import {
  type IntoThread,
  type OfThread,
  ordersAhead,
  type ThreadOrder,
  type ThreadPort,
  type ToThread,
} from './messages.ts'
import type { KillReason, Run } from './run.ts'
import { createWatch } from './watch.ts'

/**
 * One thread of piscina's that takes order after order through one port, some of them ahead: a port and a turn of
 * piscina's for each would take several times as long as a small task itself, and so would the way there and back between
 * two of them.
 */
export interface KeptThread {
  isUp(): boolean
  /** When it was given something last, by the clock of `performance`. */
  usedAt(): number
  /** Runs with it, at most `ordersAhead`: the first is carried out, the others wait. */
  size(): number
  /** Whether it may be given one more with arguments of this length. */
  hasRoom(characters: number): boolean
  has(run: Run): boolean
  give(run: Run): void
  /** True when it had not begun it: then it does not any more. */
  takeBack(run: Run): boolean
  /** So many that it has not begun, at most: those that came last. */
  takeBackLast(count: number): readonly Run[]
  /** To the one that it carries out. */
  tell(run: Run, message: ToThread): void
  /** In the middle of this one, if it is still at it. */
  kill(run: Run, reason: KillReason): void
  /** When it has nothing to do. */
  close(): void
}

export interface KeptThreadOptions {
  readonly pool: Piscina<ThreadPort, void>
  readonly maxResult: number
  /** One of those with it has ended. */
  readonly onFree: () => void
  /** Those that it will not begin; always called behind `onEnd`. */
  readonly onLeft: (runs: readonly Run[]) => void
  readonly onEnd: (error: Error | null, wasIdle: boolean) => void
}

export function keepThread({ pool, maxResult, onFree, onLeft, onEnd }: KeptThreadOptions): KeptThread {
  const { port1: port, port2 } = new MessageChannel()
  const claims = new Int32Array(new SharedArrayBuffer(ordersAhead * Int32Array.BYTES_PER_ELEMENT))
  const freeSlots = Array.from({ length: ordersAhead }, (_, slot) => slot)
  const killing = new AbortController()
  /** In the order in which they are begun. */
  const held: Held[] = []
  let heldCharacters = 0
  let unsent: ThreadOrder[] = []
  let lastNumber = 0
  let isUp = true
  let usedAt = performance.now()
  let killedFor: KillReason | null = null
  const watch = createWatch<Run>({
    limitsOf: ({ order }) => order,
    onSoft: (run) => tell(run, { kind: 'abort', reason: 'soft_limit' }),
    onHard: (run) => kill(run, 'hard_limit'),
  })
  port.on('message', hear)
  pool.run({ port: port2, claims, maxResult }, { signal: killing.signal, transferList: [port2] }).then(
    () => end(null),
    (error: Error) => end(error),
  )

  return {
    isUp: () => isUp,
    usedAt: () => usedAt,
    size: () => held.length,
    hasRoom: (characters) =>
      held.length === 0 || (freeSlots.length > 0 && heldCharacters + characters <= charactersAhead),
    has: (run) => held.some((one) => one.run === run),
    give,
    takeBack: (run) => withdraw(held.find((one) => one.run === run)),
    takeBackLast,
    tell,
    kill,
    close() {
      isUp = false
      port.close()
    },
  }

  function give(run: Run): void {
    const slot = freeSlots.pop()
    if (slot === undefined) throw new Error('This thread has as many orders as it may have.')
    lastNumber = (lastNumber % maxNumber) + 1
    claims[slot] = lastNumber
    held.push({ run, number: lastNumber, slot, heard: null })
    const { id, name, args, try: number } = run.order
    heldCharacters += args.length
    unsent.push({ number: lastNumber, slot, id, name, args, try: number })
    // Once for all that come together.
    if (unsent.length === 1) queueMicrotask(send)
    usedAt = performance.now()
    watchFirst()
  }

  function send(): void {
    const orders = unsent
    unsent = []
    if (isUp) port.postMessage({ kind: 'run', orders } satisfies IntoThread)
  }

  function takeBackLast(count: number): readonly Run[] {
    const taken: Run[] = []
    for (let last = held.at(-1); taken.length < count && withdraw(last); last = held.at(-1)) taken.unshift(last.run)
    return taken
  }

  function withdraw(one: Held | undefined): one is Held {
    if (one === undefined) return false
    if (Atomics.compareExchange(claims, one.slot, one.number, 0) !== one.number) return false
    letGo(one)
    return true
  }

  function letGo(one: Held): void {
    held.splice(held.indexOf(one), 1)
    freeSlots.push(one.slot)
    heldCharacters -= one.run.order.args.length
    watchFirst()
  }

  /** Its time counts from when it is the first. */
  function watchFirst(): void {
    watch.set(held[0]?.run ?? null)
  }

  function tell(run: Run, message: ToThread): void {
    const found = held.find((one) => one.run === run)
    if (found === undefined || !isUp) return
    port.postMessage({ kind: 'tell', number: found.number, message } satisfies IntoThread)
  }

  function kill(run: Run, reason: KillReason): void {
    if (!isUp) return
    hearAll()
    if (held[0]?.run !== run) return
    const left = takeBackLast(held.length - 1)
    // Where it has begun the next one, this one has just ended.
    if (held.length === 1) {
      isUp = false
      killedFor = reason
      killing.abort()
    }
    if (left.length > 0) onLeft(left)
  }

  function hearAll(): void {
    for (let said = receiveMessageOnPort(port); said !== undefined; said = receiveMessageOnPort(port))
      hear(said.message)
  }

  function hear(message: OfThread): void {
    const one = held.find(({ number }) => number === message.number)
    if (one === undefined) return
    if (message.kind === 'said') {
      one.heard ??= attend((answer) => tell(one.run, answer), one.run.host)
      one.heard.hear(message.message)
      return
    }
    letGo(one)
    const answered = one.heard?.settled()
    if (answered === undefined) one.run.onEnd(message.outcome)
    else void answered.then(() => one.run.onEnd(message.outcome))
    onFree()
  }

  function end(error: Error | null): void {
    isUp = false
    // What it has said before it ended may be on its way still.
    hearAll()
    port.close()
    watch.close()
    const left = takeBackLast(held.length)
    const begun = held.splice(0)
    for (const { run } of begun) {
      run.onEnd({ kind: 'thread_ended', error: error ?? new Error('worker exited with code: 0'), killedFor })
    }
    onEnd(error, begun.length + left.length === 0)
    onLeft(left)
  }
}

interface Held {
  readonly run: Run
  readonly number: number
  readonly slot: number
  /** Once it has said something. */
  heard: ReturnType<typeof attend> | null
}

/** Of arguments, which take up what memory the thread has. */
const charactersAhead = 256 * 1024
const maxNumber = 2 ** 31 - 1
