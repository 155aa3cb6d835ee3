import { connect, type Socket } from 'node:net'

/** Counts the publications that a chunk completes. The chunk is only valid during the call. */
export type Take = (chunk: Buffer) => number

/** Takes a fresh connection to where it is let in and subscribed; what it answers reads everything that follows. */
export type Opening = (link: Link) => Promise<Take>

/** One client's connection: bare TCP, so that the load costs the machine little. */
export interface Link {
  write(data: string | Buffer): void
  /**
   * Waits until `endOf` finds the end of an answer in what has come, and takes it off. `endOf` answers -1 while there is
   * too little. Rejects when the connection closes or nothing comes for long.
   */
  answer(endOf: (received: Buffer) => number): Promise<Buffer>
  /** Everything from here on goes to `take`, and its publications to `onPublications`. */
  follow(take: Take, onPublications: (count: number) => void): void
  /** Called when the other side ends the connection after it has been opened. */
  onClosed: (() => void) | null
  destroy(): void
}

const patienceMs = 30_000

/** All links read into the same memory: what is in it is looked at before the next read. */
const shared = Buffer.allocUnsafe(64 * 1024)

export function openLink(port: number): Promise<Link> {
  let waiting: {
    readonly endOf: (received: Buffer) => number
    readonly settle: (answer: Buffer | Error) => void
  } | null = null
  let received: Buffer = Buffer.alloc(0)
  let onChunk: (chunk: Buffer) => void = (chunk) => {
    received = Buffer.concat([received, chunk])
    lookForAnswer()
  }
  const socket: Socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: shared,
      callback(length) {
        onChunk(shared.subarray(0, length))
        return true
      },
    },
  })

  const link: Link = {
    write: (data) => void socket.write(data),
    answer(endOf) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => waiting?.settle(new Error('the server did not answer in time')), patienceMs)
        waiting = {
          endOf,
          settle(answer) {
            clearTimeout(timer)
            waiting = null
            if (answer instanceof Error) reject(answer)
            else resolve(answer)
          },
        }
        lookForAnswer()
      })
    },
    follow(take, onPublications) {
      onChunk = (chunk) => {
        const count = take(chunk)
        if (count > 0) onPublications(count)
      }
      if (received.length > 0) onChunk(received)
      received = Buffer.alloc(0)
    },
    onClosed: null,
    destroy() {
      link.onClosed = null
      socket.resetAndDestroy()
    },
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(link))
    // What follows an error is the close.
    socket.on('error', reject)
    socket.on('close', () => {
      waiting?.settle(new Error(`the server closed the connection: ${received.toString('latin1').slice(0, 200)}`))
      link.onClosed?.()
    })
  })

  function lookForAnswer(): void {
    const end = waiting === null ? -1 : waiting.endOf(received)
    if (end < 0) return
    const answer = received.subarray(0, end)
    received = received.subarray(end)
    waiting?.settle(answer)
  }
}
