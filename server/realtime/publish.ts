import { maxPublicationBytes } from '#protocol/api.ts'
import { noNamespaceFor } from '#protocol/channel.ts'
import type { PublishCommand } from '#protocol/client-protocol.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { SocketIdentity } from '#server/auth/identity.ts'
import type { NewPublication } from '#server/broker/broker.ts'
import { BrokerError } from '#server/broker/broker-error.ts'
import { historyPolicy } from './access.ts'
import type { Client } from './client.ts'
import { emptyResult, failed, type Outcome } from './outcome.ts'
import type { PublishCall, PublishOutcome } from './realtime.ts'
import type { Services } from './services.ts'

/** A client publishes: subject to the channel's policy, and marked with who did it. */
export async function publish(client: Client, request: PublishCommand): Promise<Outcome> {
  if ((request.type ?? 0) !== 0) return failed('notAvailable', 'only stream publications (type 0) are available')
  const { channel, data } = request
  const outcome = await publishAs(
    client.services,
    client.identity,
    { channel, data },
    { info: client.infoIn(client.subscriptions.get(channel)), isSubscribed: client.isIn(channel) },
  )
  return outcome.ok ? emptyResult : failed(outcome.error, outcome.message)
}

/** The one way to publish, for clients, the HTTP API and the rest of the server alike. */
export async function publishAs(
  { access, broker, log }: Pick<Services, 'access' | 'broker' | 'log'>,
  by: SocketIdentity,
  { channel, data, tags, idempotencyKey, skipHistory = false }: PublishCall,
  { info, isSubscribed = false }: Pick<NewPublication, 'info'> & { readonly isSubscribed?: boolean } = {},
): Promise<PublishOutcome> {
  const allowed = access.check(by, 'publish', channel, isSubscribed)
  if (!allowed.ok) return refused(allowed.error, allowed.message ?? sentenceFor(allowed.error, channel))
  const text = jsonText(data)
  if (text === undefined) return refused('badRequest', 'The data of a publication is a JSON value.')
  const bytes = Buffer.byteLength(text)
  if (bytes > maxPublicationBytes) {
    return refused(
      'badRequest',
      `The data is ${bytes} bytes; a publication has at most ${maxPublicationBytes} bytes (64 KiB).`,
    )
  }
  const publication: NewPublication = {
    data: text,
    ...(tags && { tags }),
    ...(info && { info }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  }
  try {
    const policy = skipHistory ? { size: 0, ttlSeconds: 0 } : historyPolicy(allowed.policy)
    const { offset, epoch } = await broker.publish(channel, policy, publication)
    return { ok: true, offset, epoch }
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    log.warn({ err: error, channel }, 'publication not taken')
    return refused('internal', error.message)
  }
}

function sentenceFor(error: ReplyErrorName, channel: string): string {
  if (error === 'permissionDenied') return `You may not publish in ${channel}.`
  return noNamespaceFor(channel)
}

function refused(error: ReplyErrorName, message: string): PublishOutcome {
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
