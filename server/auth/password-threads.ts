import { randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { AuthError } from './auth-error.ts'
import type { HashOrder } from './password-thread.ts'
import type { Passwords } from './passwords.ts'

/** Threads of this process that work on passwords: one core is left to everything else. */
export const passwordThreads = Math.max(1, Math.min(2, availableParallelism() - 1))

/** A quarter of a second of work, on a machine that has little time for it. */
const patienceMs = 30_000

/**
 * scrypt in threads that stand back behind the event loop, and start when there is first need of them. Whoever asks sees
 * to it that no more than `passwordThreads` are asked at a time.
 */
export function createPasswordThreads(): Passwords & AsyncDisposable {
  const idle: Worker[] = []
  const all = new Set<Worker>()

  async function keyOf(order: HashOrder): Promise<string> {
    const thread = idle.pop() ?? start()
    try {
      const key = await ask(thread, order)
      idle.push(thread)
      return key
    } catch (error) {
      void thread.terminate()
      throw error
    }
  }

  function start(): Worker {
    const thread = new Worker(new URL('./password-thread.ts', import.meta.url), { execArgv: [] })
    thread.unref()
    all.add(thread)
    thread.once('exit', () => {
      all.delete(thread)
      if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1)
    })
    return thread
  }

  return {
    async hash(password) {
      const salt = randomBytes(16).toString('hex')
      return `${salt}:${await keyOf({ password, salt })}`
    },
    async verify({ hash, password }) {
      const [salt = '', key = ''] = hash.split(':')
      const given = Buffer.from(await keyOf({ password, salt }))
      const kept = Buffer.from(key)
      return given.length === kept.length && timingSafeEqual(given, kept)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...all].map((thread) => thread.terminate()))
    },
  }
}

/** One answer of a thread that has nothing else to do. */
function ask(thread: Worker, order: HashOrder): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const failed = (cause: unknown) => {
    const sentence = 'Passwords cannot be looked at at the moment. Try again in a second.'
    reject(new AuthError('unavailable', sentence, { cause, retryAfter: 1 }))
  }
  const ended = () => failed(new Error('the thread has ended'))
  const timer = setTimeout(failed, patienceMs, new Error('the thread does not answer'))
  thread.once('message', resolve).once('error', failed).once('exit', ended)
  thread.postMessage(order)
  return promise.finally(() => {
    clearTimeout(timer)
    thread.off('message', resolve).off('error', failed).off('exit', ended)
  })
}
