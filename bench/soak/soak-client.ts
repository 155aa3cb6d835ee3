import { setTimeout as pause } from 'node:timers/promises'
import { type Link, openLink } from '../load/link.ts'
import { closeOpcode, framesAreTaken, textFrame, upgrade } from '../load/websocket.ts'
import type { Counters } from './counters.ts'

/** A client that comes and goes, and looks at the offset of every publication. */
export interface SoakClient {
  readonly isSubscribed: boolean
  /** The last publication it has, or was told that it will not get. */
  readonly offset: number
  /** Goes without a word, or politely, and comes back after a while. */
  drop(how: 'cut' | 'close', awayMs: number): void
  /** Leaves the channel and subscribes again after a while. */
  resubscribe(awayMs: number): void
}

interface SoakClientOptions {
  readonly port: number
  readonly channel: string
  readonly ticket: () => Promise<string>
  readonly counters: Counters
}

/** Resolves when it is subscribed for the first time. From then on it comes back by itself whatever happens. */
export async function startSoakClient({ port, channel, ticket, counters }: SoakClientOptions): Promise<SoakClient> {
  let link: Link | null = null
  let phase: 'away' | 'subscribing' | 'subscribed' | 'unsubscribing' | 'unsubscribed' = 'away'
  let offset = 0
  let epoch = ''
  let hasPosition = false
  let awayMs = 0
  const first = Promise.withResolvers<void>()
  void connect()
  await first.promise

  return {
    get isSubscribed() {
      return phase === 'subscribed'
    },
    get offset() {
      return offset
    },
    drop(how, away) {
      if (phase !== 'subscribed') return
      if (how === 'close') link?.write(goodbye)
      link?.destroy()
      counters.reconnects += 1
      void comeBack(away)
    },
    resubscribe(away) {
      if (phase !== 'subscribed') return
      phase = 'unsubscribing'
      awayMs = away
      counters.resubscribes += 1
      link?.write(textFrame(JSON.stringify({ id: 3, unsubscribe: { channel } })))
    },
  }

  async function connect(): Promise<void> {
    let opened: Link | null = null
    let token: string
    try {
      token = await ticket()
      opened = await openLink(port)
      await upgrade(opened, '/connection/websocket')
    } catch {
      // Counted; a server that is busy refuses now and then.
      counters.refused += 1
      opened?.destroy()
      void comeBack(1000)
      return
    }
    const mine = opened
    const isCurrent = () => link === mine
    link = mine
    phase = 'subscribing'
    // What is left in a chunk of a connection that was given up is nobody's.
    const take = framesAreTaken(mine, pong, (...frame) => {
      if (isCurrent()) onFrame(...frame)
    })
    mine.follow(take, () => {})
    mine.onClosed = () => {
      if (isCurrent()) serverClosed('without a close frame')
    }
    mine.write(textFrame(`${JSON.stringify({ id: 1, connect: { token } })}\n${subscribeCommand()}`))
  }

  async function comeBack(away: number): Promise<void> {
    phase = 'away'
    link = null
    await pause(away)
    await connect()
  }

  function serverClosed(why: string): void {
    ended(why)
    link?.destroy()
    void comeBack(500 + Math.random() * 1000)
  }

  function ended(why: string): void {
    counters.endings.set(why, (counters.endings.get(why) ?? 0) + 1)
  }

  function subscribeCommand(): string {
    const position = hasPosition ? { recover: true, offset, epoch } : {}
    return JSON.stringify({ id: 2, subscribe: { channel, ...position } })
  }

  /** Publications end with their offset, and are by far the most of what comes. */
  function onFrame(data: Buffer, start: number, end: number, opcode: number): void {
    if (opcode === closeOpcode) {
      serverClosed(`${data.readUInt16BE(start)} ${data.toString('utf8', start + 2, end)}`)
    } else if (isDigit(data[end - 4]) && data[start + 2] === 0x70) {
      counters.deliveries += 1
      published(numberBefore(data, end - 3))
    } else {
      for (const line of data.toString('utf8', start, end).split('\n')) onMessage(JSON.parse(line))
    }
  }

  function published(next: number): void {
    if (phase === 'unsubscribed' || phase === 'subscribing') counters.disorder += 1
    if (next > offset + 1) counters.gaps += 1
    if (next <= offset) counters.disorder += 1
    else offset = next
  }

  function onMessage(message: ServerMessage): void {
    if (message.error) {
      serverClosed(`error ${message.error.code} ${message.error.message}`)
    } else if (message.subscribe) {
      onSubscribed(message.subscribe)
    } else if (message.unsubscribe) {
      phase = 'unsubscribed'
      const from = link
      setTimeout(() => {
        if (from === link && phase === 'unsubscribed') subscribeAgain()
      }, awayMs)
    } else if (message.push?.unsubscribe) {
      ended(`unsubscribed: ${message.push.unsubscribe.code} ${message.push.unsubscribe.reason}`)
      subscribeAgain()
    }
  }

  function subscribeAgain(): void {
    phase = 'subscribing'
    link?.write(textFrame(subscribeCommand()))
  }

  function onSubscribed({ was_recovering, recovered, publications, ...position }: SubscribeResult): void {
    if (was_recovering && recovered) counters.recovered += 1
    else if (hasPosition) counters.unrecovered += 1
    phase = 'subscribed'
    if (recovered) for (const publication of publications ?? []) published(publication.offset)
    else offset = position.offset
    epoch = position.epoch
    hasPosition = true
    first.resolve()
  }
}

interface SubscribeResult {
  readonly epoch: string
  readonly offset: number
  readonly was_recovering?: boolean
  readonly recovered?: boolean
  readonly publications?: readonly { readonly offset: number }[]
}

interface ServerMessage {
  readonly error?: { readonly code: number; readonly message: string }
  readonly subscribe?: SubscribeResult
  readonly unsubscribe?: object
  readonly push?: { readonly unsubscribe?: { readonly code: number; readonly reason: string } }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function numberBefore(data: Buffer, end: number): number {
  let value = 0
  let place = 1
  for (let at = end - 1; isDigit(data[at]); at--) {
    value += (Number(data[at]) - 0x30) * place
    place *= 10
  }
  return value
}

const pong = textFrame('{}')
/** A masked close frame, code 1000. */
const goodbye = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
