import { z } from 'zod'
import type { Bus } from '#server/broker/bus.ts'
import { type Answered, answered, refused, withBroker } from './answered.ts'

/** Something that every node is told or asked, and of which each does or knows its part. */
export interface Question<Payload, Answer> {
  readonly kind: string
  readonly payload: z.ZodType<Payload>
  readonly answer: z.ZodType<Answer>
}

/** What this node does about a question. Returns the end of that. */
export function answerQuestion<Payload, Answer>(
  bus: Bus,
  question: Question<Payload, Answer>,
  answer: (payload: Payload) => Answer,
): () => void {
  return bus.handle(question.kind, (payload) => answer(question.payload.parse(payload)))
}

/**
 * The answers of all nodes, by node. A part of the truth would be taken for all of it, so with one node silent the answer
 * is an error that says to try again.
 */
export function askNodes<Payload, Answer>(
  bus: Bus,
  question: Question<Payload, Answer>,
  payload: Payload,
): Promise<Answered<ReadonlyMap<string, Answer>>> {
  return withBroker(async () => {
    const { answers, silent } = await bus.askAll(question.kind, payload)
    if (silent.length > 0) {
      return refused('internal', `${silent.length} of the nodes did not answer in time. Try again in a moment.`)
    }
    const parsed = z.record(z.string(), question.answer).safeParse(Object.fromEntries(answers))
    if (!parsed.success) return refused('internal', 'A node answered something else. Are all of the same version?')
    return answered(new Map(Object.entries(parsed.data)))
  })
}
