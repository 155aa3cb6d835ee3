import type { z } from 'zod'
import type { batchRequest } from '#protocol/server-api.ts'
import type { Identity } from '#server/auth/identity.ts'
import { refused } from '#server/realtime/answered.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import { createPerformer, errorText } from './perform.ts'

/** Commands of one batch that are worked on at a time. Each may be a broadcast, and the broker's queue is bounded. */
const atATime = 8

/** The JSON text of the replies, one a command, in the order of the commands. */
export async function performBatch(
  realtime: Realtime,
  by: Identity,
  { commands, parallel = false }: z.infer<typeof batchRequest>,
): Promise<string> {
  const replies: string[] = []
  const perform = createPerformer(realtime, by)
  const rest = commands.entries()
  // Each worker takes the next command when it is done with one.
  const worker = async () => {
    for (const [index, command] of rest) replies[index] = await replyTo(command)
  }
  await Promise.all(Array.from({ length: parallel ? atATime : 1 }, worker))
  return `{"replies":[${replies.join(',')}]}`

  async function replyTo(command: Readonly<Record<string, unknown>> | null): Promise<string> {
    const [named] = Object.entries(command ?? {})
    if (!named) return `{"error":${errorText(refused('badRequest', 'A command names its method.'))}}`
    const [name, request] = named
    const reply = await perform(name, request)
    return reply.ok ? `{${JSON.stringify(name)}:${reply.value}}` : `{"error":${errorText(reply)}}`
  }
}
