import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { attend, type ThreadHost } from './host.ts'
import type { IntoThread, OfThread, ThreadOrder, ThreadOutcome, ThreadPort, ToThread } from './messages.ts'

/**
 * One thread of piscina's that takes task after task through one port. A port and a turn of piscina's for each would take
 * several times as long as a small task itself.
 */
export interface KeptThread {
  isUp(): boolean
  /** When it began its last task, by the clock of `performance`. */
  usedAt(): number
  /** One at a time. Rejects with what has ended the thread. */
  run(order: ThreadOrder, host: ThreadHost): Promise<ThreadOutcome>
  tell(message: ToThread): void
  /** In the middle of whatever it does. */
  kill(): void
  /** When it has nothing to do. */
  close(): void
}

export function keepThread(
  pool: Piscina<ThreadPort, void>,
  maxResult: number,
  onEnd: (error: Error | null) => void,
): KeptThread {
  const { port1: port, port2 } = new MessageChannel()
  const killing = new AbortController()
  let isUp = true
  let usedAt = performance.now()
  let current: {
    readonly heard: ReturnType<typeof attend>
    readonly ended: PromiseWithResolvers<ThreadOutcome>
  } | null = null
  port.on('message', hear)
  pool.run({ port: port2, maxResult }, { signal: killing.signal, transferList: [port2] }).then(
    () => end(null),
    (error: Error) => end(error),
  )

  return {
    isUp: () => isUp,
    usedAt: () => usedAt,
    async run(order, host) {
      const heard = attend(tell, host)
      const ended = Promise.withResolvers<ThreadOutcome>()
      current = { heard, ended }
      usedAt = performance.now()
      port.postMessage({ kind: 'run', order } satisfies IntoThread)
      try {
        return await ended.promise
      } finally {
        current = null
        await heard.settled()
      }
    },
    tell,
    kill() {
      isUp = false
      killing.abort()
    },
    close() {
      isUp = false
      port.close()
    },
  }

  function tell(message: ToThread): void {
    if (isUp) port.postMessage(message)
  }

  function hear(message: OfThread): void {
    if (message.kind === 'ended') current?.ended.resolve(message.outcome)
    else current?.heard.hear(message)
  }

  function end(error: Error | null): void {
    isUp = false
    // What it has said before it ended may be on its way still.
    for (let left = receiveMessageOnPort(port); left !== undefined; left = receiveMessageOnPort(port))
      hear(left.message)
    port.close()
    current?.ended.reject(error ?? new Error('worker exited with code: 0'))
    onEnd(error)
  }
}
