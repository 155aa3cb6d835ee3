import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

/** QEMU's control socket. */
export interface Qmp extends Disposable {
  /** Throws what QEMU answers when it refuses. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>
}

interface Answer {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

const answerTimeoutMs = 30_000

export async function openQmp(path: string): Promise<Qmp> {
  const socket = await connected(path)
  const waiting: ((answer: Answer) => void)[] = []
  createInterface(socket).on('line', (line) => {
    const message = JSON.parse(line) as Answer
    if ('return' in message || 'error' in message) waiting.shift()?.(message)
  })
  // Answers come in the order of the commands.
  async function execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.push(resolve)
    const late = setTimeout(() => reject(new Error(`QEMU does not answer ${command}`)), answerTimeoutMs)
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    try {
      const answer = await promise
      if (answer.error !== undefined) throw new Error(`QEMU refuses ${command}: ${answer.error.desc}`)
      return answer.return
    } finally {
      clearTimeout(late)
    }
  }
  await execute('qmp_capabilities')
  return { execute, [Symbol.dispose]: () => socket.destroy() }
}

async function connected(path: string): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(path)
    try {
      await once(socket, 'connect')
      return socket.on('error', () => {})
    } catch (error) {
      if (attempt === 100) throw error
      await pause(100)
    }
  }
}
