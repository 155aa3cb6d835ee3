import type { HistoryRequest } from '#protocol/client-protocol.ts'
import { historyPolicy } from './access.ts'
import type { Client } from './client.ts'
import { publicationsText } from './encode.ts'
import { failed, type Outcome } from './outcome.ts'

/** Reads a channel's history. What one call answers is bounded in number and in bytes; `since` goes on from there. */
export async function history(client: Client, request: HistoryRequest): Promise<Outcome> {
  const { access, broker, limits } = client.services
  const { channel, reverse = false } = request
  const allowed = access.check(client.identity, 'history', channel, client.isIn(channel))
  if (!allowed.ok) return failed(allowed.error, allowed.message)
  const since = request.since ? { offset: request.since.offset ?? 0, epoch: request.since.epoch ?? '' } : undefined
  if (reverse && since?.offset === 0) return failed('badRequest', 'nothing comes before offset 0')
  const asked = request.limit ?? 0
  const limit = asked < 0 ? limits.historyPublications : Math.min(asked, limits.historyPublications)
  const query = { limit, reverse, maxBytes: limits.outboxBytes / 2, ...(since && { since }) }
  const page = await broker.history(channel, historyPolicy(allowed.policy), query)
  if (since && since.epoch !== '' && since.epoch !== page.epoch) return failed('unrecoverablePosition')
  const publications = page.publications.length === 0 ? '' : `"publications":${publicationsText(page.publications)},`
  return { kind: 'result', result: `{${publications}"epoch":${JSON.stringify(page.epoch)},"offset":${page.offset}}` }
}
