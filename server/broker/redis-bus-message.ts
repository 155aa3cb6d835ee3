import { z } from 'zod'
import { jsonIn } from './redis-message.ts'

/** What goes over the bus, as JSON text. */
const busMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tell'), from: z.string(), kind: z.string(), payload: z.unknown() }),
  z.object({
    type: z.literal('ask'),
    from: z.string(),
    id: z.int(),
    kind: z.string(),
    payload: z.unknown(),
    timeoutMs: z.number().min(0).max(60_000),
  }),
  /** Without `heard` the node has nothing to say. */
  z.object({
    type: z.literal('answer'),
    from: z.string(),
    id: z.int(),
    heard: z.object({ answer: z.unknown() }).optional(),
  }),
])

export type BusMessage = z.infer<typeof busMessage>

/** Null for what is none. */
export function readBusMessage(text: string): BusMessage | null {
  return busMessage.safeParse(jsonIn(text)).data ?? null
}
