import type { Logger } from 'pino'
import type { ConnectRequest } from '#protocol/client-protocol.ts'
import type { SubscriptionGrant } from '#server/auth/auth.ts'
import type { Identity } from '#server/auth/identity.ts'
import { type Authenticated, authenticate } from './authenticate.ts'
import type { Client } from './client.ts'
import { within } from './deadline.ts'
import type { ConnectQuestion } from './hooks.ts'
import type { SubscriptionTerms } from './open-subscription.ts'
import { secondsUntil } from './refresh.ts'
import { type Joined, type Joining, joinChannels, noChannels, serverChannels } from './server-subscriptions.ts'
import type { Services } from './services.ts'
import { isUnidirectional, type Transport } from './transport.ts'

/** Who is connecting, at once where nothing has to be waited for. Trouble of our own is an answer too. */
export function recognize(
  { authenticator, limits }: Services,
  known: Identity | null,
  { token }: ConnectRequest,
  log: () => Logger,
): Authenticated | Promise<Authenticated> {
  try {
    const recognized = within(limits.answerMs, 'authentication', () => authenticate(authenticator, known, token))
    return recognized instanceof Promise ? recognized.catch(failed) : recognized
  } catch (error) {
    return failed(error)
  }

  function failed(error: unknown): Authenticated {
    log().error({ err: error }, 'authentication failed on our side')
    return { kind: 'error', error: 'internal' }
  }
}

/** Whether a client that was recognized may come in, as far as hooks decide. */
export async function askToConnect(
  { hooks }: Services,
  recognized: Authenticated,
  { data }: ConnectRequest,
  asks: Pick<ConnectQuestion, 'client' | 'transport'>,
): Promise<Authenticated> {
  if (recognized.kind !== 'identity') return recognized
  const verdict = await hooks.ask('beforeConnect', { ...asks, identity: recognized.identity, data })
  switch (verdict.kind) {
    case 'allow':
      return verdict.data === undefined ? recognized : { ...recognized, greeting: verdict.data }
    case 'refuse':
      return {
        ...{ kind: 'error', error: 'permissionDenied', message: verdict.message },
        ...(verdict.code !== 103 && { code: verdict.code }),
      }
    case 'failed':
      return { kind: 'error', error: 'internal' }
    default:
      return verdict satisfies never
  }
}

/** Subscribes to what the client is in from the start, at once when that is nothing. */
export function joinAtConnect(
  client: Client,
  request: ConnectRequest,
  grants: readonly SubscriptionGrant[],
  log: () => Logger,
): Joining | Promise<Joining> {
  const asked = serverChannels(client, request, grants)
  if (asked.kind !== 'channels') return asked
  const { channels } = asked
  return channels.length === 0 ? { kind: 'joined', joined: noChannels } : join(client, channels, log)
}

/** Trouble of our own is an answer too. */
async function join(client: Client, channels: readonly SubscriptionTerms[], log: () => Logger): Promise<Joining> {
  const { answerMs } = client.services.limits
  try {
    const joined = await within(answerMs, 'subscribing at connect', () => joinChannels(client, channels))
    return { kind: 'joined', joined }
  } catch (error) {
    log().error({ err: error }, 'subscribing at connect failed on our side')
    return { kind: 'error', error: 'internal' }
  }
}

/**
 * The JSON text of a connect result: how often the server pings and whether the client answers, in how many seconds it
 * must refresh its token, and what it names when its commands come by other requests.
 */
export function connectResultText(
  { id, identity, services }: Client,
  transport: Transport,
  expiresAt: number | null,
  { subs, greeting }: Joined,
): string {
  const { bus, pingers, version, clock } = services
  const pingSeconds = Math.round(pingers.of(identity).everyMs / 1000)
  let text = `{"client":${JSON.stringify(id)},"version":${JSON.stringify(version)},"ping":${pingSeconds}`
  if (!isUnidirectional(transport)) text += ',"pong":true'
  if (expiresAt !== null) text += `,"expires":true,"ttl":${secondsUntil(expiresAt, clock)}`
  if (transport.session !== null) {
    text += `,"session":${JSON.stringify(transport.session)},"node":${JSON.stringify(bus.node)}`
  }
  if (greeting !== undefined) text += `,"data":${greeting}`
  if (subs !== null) text += `,"subs":${subs}`
  return `${text}}`
}
