import type { Asked, Health, Question } from './node-server.ts'
import { watchHealth } from './watch-health.ts'

export interface Answers {
  readonly publish: (count: number) => void
  readonly credentials?: (count: number, kind: 'ticket' | 'token') => Promise<readonly string[]>
  readonly apiKey?: () => Promise<string>
  readonly publishFor?: (options: { readonly underWay: number; readonly seconds: number }) => Promise<number>
}

/** The server's end of `node-server.ts`. It ends with its parent. */
export function answerParent(port: number, answers: Answers): void {
  let health: (() => Health) | null = null
  process.on('message', (message: { publish: number } | Asked) => {
    if ('publish' in message) answers.publish(message.publish)
    else void reply(message)
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ port })

  async function reply({ number, question }: Asked): Promise<void> {
    try {
      process.send?.({ number, answer: await answerTo(question) })
    } catch (error) {
      process.send?.({ number, error: String(error) })
    }
  }

  async function answerTo(question: Question): Promise<unknown> {
    if ('usage' in question) {
      const { user, system } = process.cpuUsage()
      return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() }
    }
    if ('health' in question) {
      health ??= watchHealth()
      return health()
    }
    if ('credentials' in question) return answers.credentials?.(question.credentials, question.kind)
    if ('apiKey' in question) return answers.apiKey?.()
    if ('publishFor' in question) return answers.publishFor?.(question.publishFor)
    throw new Error('an unknown question')
  }
}
