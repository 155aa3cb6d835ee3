import { z } from 'zod'
import { BrokerError } from '#server/broker/broker-error.ts'
import type { Bus } from '#server/broker/bus.ts'
import { answerQuestion } from './node-questions.ts'

/** Who has a live socket on any node. */
export interface OnlineUsers extends Disposable {
  /** Those of these users that have one. Of nodes that do not answer nothing is known: this is for looking at. */
  among(userIds: readonly string[]): Promise<ReadonlySet<string>>
}

const question = {
  kind: 'online',
  payload: z.object({ users: z.array(z.string()) }),
  answer: z.array(z.string()),
} as const

/** A console shows the page at once, and the node that answered late on its next look. */
const timeoutMs = 1_000

export function createOnlineUsers(bus: Bus, isOnline: (userId: string) => boolean): OnlineUsers {
  const stop = answerQuestion(bus, question, ({ users }) => users.filter(isOnline))

  return {
    async among(users) {
      try {
        const { answers } = await bus.askAll(question.kind, { users }, timeoutMs)
        return new Set([...answers.values()].flatMap((answer) => question.answer.parse(answer)))
      } catch (error) {
        if (error instanceof BrokerError) return new Set(users.filter(isOnline))
        throw error
      }
    },
    [Symbol.dispose]: stop,
  }
}
