import { z } from 'zod'
import type { ServerProcess } from '../support/server-process.ts'

const answer = z.object({
  result: z.object({
    publications: z.array(
      z.object({ data: z.unknown(), offset: z.int(), tags: z.record(z.string(), z.string()).optional() }),
    ),
    epoch: z.string(),
  }),
})

/** All that is kept of a channel, oldest first, page by page. */
export async function readHistory(server: ServerProcess, key: string, channel: string) {
  const all: z.infer<typeof answer>['result']['publications'] = []
  for (;;) {
    const since = all.at(-1)?.offset ?? 0
    const { body } = await server.api('POST', '/api/history', {
      headers: { 'x-api-key': key },
      body: { channel, limit: 300, since: { offset: since, epoch: '' } },
    })
    const { publications } = answer.parse(body).result
    all.push(...publications)
    if (publications.length === 0) return all
  }
}
