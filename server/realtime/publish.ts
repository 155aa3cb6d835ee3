import { noNamespaceFor } from '#protocol/channel.ts'
import type { PublishCommand } from '#protocol/client-protocol.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import { maxPublicationBytes } from '#protocol/publications.ts'
import type { SocketIdentity } from '#server/auth/identity.ts'
import type { NewPublication } from '#server/broker/broker.ts'
import { BrokerError } from '#server/broker/broker-error.ts'
import type { PublicationSource } from '#server/metrics/metrics.ts'
import { hasHistory, historyPolicy } from './access.ts'
import type { Client } from './client.ts'
import type { Hooks } from './hooks.ts'
import { emptyResult, failed, type Outcome } from './outcome.ts'
import type { BroadcastCall, PublishCall, PublishOutcome } from './realtime.ts'
import type { Services } from './services.ts'

/** A client publishes: subject to the channel's policy, and marked with who did it. */
export async function publish(client: Client, request: PublishCommand): Promise<Outcome> {
  if ((request.type ?? 0) !== 0) return failed('notAvailable', 'only stream publications (type 0) are available')
  const { hooks } = client.services
  if (!hooks.decides('beforePublish')) return publishNow(client, request)
  // A hook takes its time, and what one client publishes in a channel stays in order.
  return new Promise((resolve, reject) => {
    client.inOrder(request.channel, () => publishNow(client, request).then(resolve, reject))
  })
}

async function publishNow(client: Client, { channel, data }: PublishCommand): Promise<Outcome> {
  const call = { channel, data, source: 'client' } as const
  const by = { info: client.infoIn(client.subscriptions.get(channel)), isSubscribed: client.isIn(channel) }
  const outcome = await publishAs(client.services, client.identity, call, by)
  if (outcome.ok) return emptyResult
  return outcome.code === undefined || outcome.code === 103
    ? failed(outcome.error, outcome.message)
    : { kind: 'application_error', code: outcome.code, message: outcome.message }
}

type Parts = Pick<Services, 'access' | 'broker' | 'hooks' | 'metrics' | 'log'>

/** The one way to publish, for clients, the HTTP API and the rest of the server alike. */
export async function publishAs(
  services: Parts,
  by: SocketIdentity,
  { channel, ...call }: PublishCall,
  { info, isSubscribed = false }: Pick<NewPublication, 'info'> & { readonly isSubscribed?: boolean } = {},
): Promise<PublishOutcome> {
  const publication = newPublication(call, info)
  return publication.ok ? publishTo(services, by, channel, publication, isSubscribed) : publication
}

/** The same to several channels: its data is written as JSON once. One outcome a channel, in their order. */
export async function broadcastAs(
  services: Parts,
  by: SocketIdentity,
  { channels, ...call }: BroadcastCall,
): Promise<readonly PublishOutcome[]> {
  const publication = newPublication(call, undefined)
  return Promise.all(
    channels.map((channel) => (publication.ok ? publishTo(services, by, channel, publication) : publication)),
  )
}

interface Prepared {
  readonly ok: true
  readonly publication: NewPublication
  readonly skipHistory: boolean
  readonly source: PublicationSource
}
type Refusal = Extract<PublishOutcome, { ok: false }>

function newPublication(call: Omit<PublishCall, 'channel'>, info: NewPublication['info']): Prepared | Refusal {
  const { data, tags, idempotencyKey, version, versionEpoch, skipHistory = false, source = 'http' } = call
  const text = jsonText(data)
  if (text === undefined) return refused('badRequest', 'The data of a publication is a JSON value.')
  const tooLarge = refusalOfSize(text)
  if (tooLarge) return tooLarge
  const publication: NewPublication = {
    data: text,
    ...(tags && { tags }),
    ...(info && { info }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(version !== undefined && { version }),
    ...(versionEpoch !== undefined && { versionEpoch }),
  }
  return { ok: true, publication, skipHistory, source }
}

function refusalOfSize(text: string): Refusal | null {
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxPublicationBytes) return null
  return refused(
    'badRequest',
    `The data is ${bytes} bytes; a publication has at most ${maxPublicationBytes} bytes (64 KiB).`,
  )
}

async function publishTo(
  { access, broker, hooks, metrics, log }: Parts,
  by: SocketIdentity,
  channel: string,
  prepared: Prepared,
  isSubscribed = false,
): Promise<PublishOutcome> {
  const allowed = access.check(by, 'publish', channel, isSubscribed)
  if (!allowed.ok) return refused(allowed.error, allowed.message ?? sentenceFor(allowed.error, channel))
  const decided = hooks.decides('beforePublish') ? await askToPublish(hooks, by, channel, prepared) : prepared
  if (!decided.ok) return decided
  const { publication, skipHistory, source } = decided
  const isKept = hasHistory(allowed.policy) && !skipHistory
  if (publication.version !== undefined && !isKept) {
    return refused(
      'notAvailable',
      `Versions are compared where history is kept, which ${channel} or this call does not.`,
    )
  }
  const begun = performance.now()
  try {
    const policy = isKept ? historyPolicy(allowed.policy) : { size: 0, ttlSeconds: 0 }
    const { offset, epoch, duplicate } = await broker.publish(channel, policy, publication)
    metrics.published({ namespace: allowed.policy.name, source }, (performance.now() - begun) / 1000)
    return { ok: true, offset, epoch, ...(duplicate && { duplicate }) }
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    // Without its stack: it is a refusal, and there may be many.
    log.warn({ code: error.code, reason: error.message, channel }, 'publication not taken')
    return refused('internal', error.message)
  }
}

/** Each hook gets a copy of the data; what it gives instead is what is published. */
async function askToPublish(
  hooks: Hooks,
  by: SocketIdentity,
  channel: string,
  prepared: Prepared,
): Promise<Prepared | Refusal> {
  const { publication } = prepared
  const verdict = await hooks.ask('beforePublish', {
    identity: by,
    client: publication.info?.client ?? null,
    channel,
    data: JSON.parse(publication.data),
  })
  if (verdict.kind === 'failed') return refused('internal', 'Whether this may be published could not be decided now.')
  if (verdict.kind === 'refuse') return { ...refused('permissionDenied', verdict.message), code: verdict.code }
  if (verdict.data === undefined) return prepared
  const { data } = verdict
  return refusalOfSize(data) ?? { ...prepared, publication: { ...publication, data } }
}

function sentenceFor(error: ReplyErrorName, channel: string): string {
  if (error === 'permissionDenied') return `You may not publish in ${channel}.`
  return noNamespaceFor(channel)
}

function refused(error: ReplyErrorName, message: string): Refusal {
  return { ok: false, error, message }
}

/** Undefined for what is not JSON, and for what is nested so deeply that it cannot be written. */
function jsonText(data: unknown): string | undefined {
  try {
    return JSON.stringify(data)
  } catch {
    return undefined
  }
}
