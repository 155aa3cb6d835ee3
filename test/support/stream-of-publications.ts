import { setTimeout as pause } from 'node:timers/promises'
import type { ServerProcess } from './server-process.ts'

/**
 * Publishes `count` numbers, one after the other, as a service with patience does: what was not acknowledged is sent
 * again with the same idempotency key until it is. Calls `onAcknowledged` after each.
 */
export async function publishStream(
  server: ServerProcess,
  { key, channel, count, onAcknowledged, dataOf = (n) => n }: StreamOptions,
): Promise<void> {
  const run = crypto.randomUUID()
  for (let n = 1; n <= count; n++) {
    await publishUntilAcknowledged(server, key, { channel, data: dataOf(n), idempotency_key: `${run}-${n}` })
    onAcknowledged?.(n)
  }
}

export interface StreamOptions {
  readonly key: string
  readonly channel: string
  readonly count: number
  readonly onAcknowledged?: (n: number) => void
  readonly dataOf?: (n: number) => unknown
}

async function publishUntilAcknowledged(server: ServerProcess, key: string, body: unknown): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      const answer = await server.api('POST', '/api/publish', { headers: { 'x-api-key': key }, body })
      if (answer.status === 200) {
        const { result } = answer.body as { result?: { offset: number } }
        if (result === undefined) throw new Error(`refused: ${JSON.stringify(answer.body)}`)
        return
      }
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('refused')) throw error
    }
    if (Date.now() > deadline) throw new Error('not acknowledged within 60 s')
    await pause(20)
  }
}
