import type { HistoryRequest } from '#protocol/client-protocol.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { HistoryPage } from '#server/broker/broker.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { historyPolicy } from './access.ts'
import type { Client } from './client.ts'
import { publicationsText } from './encode.ts'
import { failed, type Outcome } from './outcome.ts'
import type { Services } from './services.ts'

/** Reads a channel's history. What one call answers is bounded in number and in bytes; `since` goes on from there. */
export async function history(client: Client, request: HistoryRequest): Promise<Outcome> {
  const { access } = client.services
  const { channel } = request
  const allowed = access.check(client.identity, 'history', channel, client.isIn(channel))
  if (!allowed.ok) return failed(allowed.error, allowed.message)
  const read = await readHistory(client.services, channel, allowed.policy, request)
  return read.ok ? { kind: 'result', result: historyText(read.page) } : failed(read.error, read.message)
}

/** What to read: without `limit` only where the stream stands. A negative one is as much as there may be. */
export type HistoryCall = Pick<HistoryRequest, 'limit' | 'since' | 'reverse'>

type HistoryRead =
  | { readonly ok: true; readonly page: HistoryPage }
  | { readonly ok: false; readonly error: ReplyErrorName; readonly message?: string }

/** That it may be read is decided already. Rejects as the broker does. */
export async function readHistory(
  { broker, limits }: Pick<Services, 'broker' | 'limits'>,
  channel: string,
  policy: Namespace,
  { limit: asked = 0, since: position, reverse = false }: HistoryCall,
): Promise<HistoryRead> {
  const since = position ? { offset: position.offset ?? 0, epoch: position.epoch ?? '' } : undefined
  if (reverse && since?.offset === 0)
    return { ok: false, error: 'badRequest', message: 'nothing comes before offset 0' }
  const limit = asked < 0 ? limits.historyPublications : Math.min(asked, limits.historyPublications)
  const query = { limit, reverse, maxBytes: limits.outboxBytes / 2, ...(since && { since }) }
  const page = await broker.history(channel, historyPolicy(policy), query)
  if (since && since.epoch !== '' && since.epoch !== page.epoch) return { ok: false, error: 'unrecoverablePosition' }
  return { ok: true, page }
}

function historyText({ publications, epoch, offset }: HistoryPage): string {
  const written = publications.length === 0 ? '' : `"publications":${publicationsText(publications)},`
  return `{${written}"epoch":${JSON.stringify(epoch)},"offset":${offset}}`
}
