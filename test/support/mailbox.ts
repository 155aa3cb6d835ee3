import type { Message } from './raw-client.ts'

/** Messages as they come, and waiting for one of them. */
export interface Mailbox {
  /** Every message so far, in order. */
  readonly received: Message[]
  put(...messages: Message[]): void
  /** The first message, received already or not, that fits; fails when there is none in five seconds. */
  message(fits: (message: Message) => boolean): Promise<Message>
}

export function createMailbox(): Mailbox {
  const received: Message[] = []
  const waiting = new Set<() => void>()
  return {
    received,
    put(...messages) {
      received.push(...messages)
      for (const look of [...waiting]) look()
    },
    message: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = received.find(fits)
          if (!found) return
          settle()
          resolve(found)
        }
        const fail = () => {
          settle()
          reject(new Error(`no such message among ${JSON.stringify(received).slice(0, 500)}`))
        }
        const timer = setTimeout(fail, 5_000)
        const settle = () => {
          clearTimeout(timer)
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
  }
}
