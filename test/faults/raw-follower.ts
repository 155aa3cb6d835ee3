import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { clientFrame, takeFrames } from '../support/websocket-frames.ts'
import type { Place, Witness } from './witness.ts'

export interface RawFollowerOptions {
  /** Where nodes are; the next one is tried when one does not answer. */
  readonly urls: readonly string[]
  /** The first to try. */
  readonly first: number
  readonly token: string
  readonly channel: string
  readonly witness: Witness
}

/**
 * A client as small as can be: it follows one channel by the rules of the protocol and comes back whenever it has to,
 * with what it missed, to whichever node lets it in.
 */
export function startRawFollower({ urls, first, token, channel, witness }: RawFollowerOptions): Disposable {
  let at = first
  let attempt = 0
  let socket: Socket | null = null
  let timer: NodeJS.Timeout | undefined
  let disposed = false
  let asked: Place | null = null

  open()
  return {
    [Symbol.dispose]() {
      disposed = true
      clearTimeout(timer)
      socket?.destroy()
    },
  }

  function open(): void {
    const { hostname, port, pathname, host } = new URL(urls[at % urls.length] ?? '')
    const opened = connect(Number(port), hostname).setNoDelay()
    socket = opened
    let bytes: Buffer = Buffer.alloc(0)
    let isUpgraded = false
    watch(10_000)
    opened.on('error', () => {})
    opened.on('connect', () => {
      opened.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      )
      say({ id: 1, connect: { token } })
      subscribe()
    })
    opened.on('data', (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      if (!isUpgraded) {
        const end = bytes.indexOf('\r\n\r\n')
        if (end === -1) return
        isUpgraded = bytes.subarray(0, end).includes(' 101 ')
        bytes = bytes.subarray(end + 4)
        if (!isUpgraded) opened.destroy()
      }
      bytes = takeFrames(bytes, ({ opcode, text, code }) => {
        if (opcode === 8) {
          if (code !== null && code >= 3500) throw new Error(`closed for good with ${code} ${text}`)
          opened.destroy()
        } else {
          for (const line of text.split('\n')) take(JSON.parse(line) as Message)
        }
      })
    })
    opened.on('close', () => {
      clearTimeout(timer)
      witness.leaves('connection')
      if (disposed) return
      at += 1
      attempt += 1
      timer = setTimeout(open, Math.random() * Math.min(100 * 2 ** attempt, 2_000))
    })
  }

  /** Gives the connection up when nothing comes for so long; at first the answer, then pings. */
  function watch(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => socket?.destroy(), ms)
  }

  function say(value: unknown): void {
    socket?.write(clientFrame(JSON.stringify(value)))
  }

  function subscribe(): void {
    asked = witness.place
    say({ id: 2, subscribe: { channel, ...(asked && { recover: true, ...asked }) } })
  }

  function take({ id, error, connect: connected, subscribe: subscribed, push }: Message): void {
    if (push?.pub) {
      witness.sees(push.pub.offset ?? 0, push.pub.data.n)
    } else if (push?.unsubscribe) {
      witness.leaves('subscription')
      if (push.unsubscribe.code >= 2500) subscribe()
    } else if (subscribed) {
      const { offset = 0, epoch = '', recovered = false, publications = [] } = subscribed
      witness.begins({ offset, epoch }, asked ? recovered : null)
      for (const publication of publications) witness.sees(publication.offset ?? 0, publication.data.n)
    } else if (connected) {
      attempt = 0
      watch(40_000)
    } else if (error && id === 2) {
      if (!error.temporary) throw new Error(`subscribe was refused with ${error.code}`)
      const asking = socket
      setTimeout(() => socket === asking && !disposed && subscribe(), 100 + Math.random() * 400)
    } else if (error) {
      socket?.destroy()
    } else if (id === undefined && push === undefined) {
      say({})
      watch(40_000)
    }
  }
}

interface Message {
  readonly id?: number
  readonly error?: { readonly code: number; readonly temporary?: boolean }
  readonly connect?: object
  readonly subscribe?: {
    readonly offset?: number
    readonly epoch?: string
    readonly recovered?: boolean
    readonly publications?: readonly Publication[]
  }
  readonly push?: { readonly pub?: Publication; readonly unsubscribe?: { readonly code: number } }
}

interface Publication {
  readonly offset?: number
  readonly data: { readonly n: number }
}
