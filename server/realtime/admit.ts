import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { VerifiedSubscription } from '#server/auth/auth.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import type { Client } from './client.ts'
import { within } from './deadline.ts'
import type { SubscriptionTerms } from './open-subscription.ts'

/** Whether a client may subscribe, and on what terms. */
export type Admission =
  | {
      readonly ok: true
      readonly policy: Namespace
      readonly terms: Pick<SubscriptionTerms, 'byToken' | 'info' | 'data' | 'expiresAt'>
    }
  | { readonly ok: false; readonly error: ReplyErrorName; readonly message?: string }

/** Without a token, by the rules. */
export function admitByRules({ identity, services }: Client, channel: string): Admission {
  const allowed = services.access.check(identity, 'subscribe', channel)
  return allowed.ok ? { ...allowed, terms: {} } : allowed
}

/** A token decides alone. */
export async function admitByToken(client: Client, channel: string, token: string): Promise<Admission> {
  const { access } = client.services
  const admitted = access.admit(channel)
  if (!admitted.ok) return admitted
  const verified = await verifyFor(client, channel, token)
  if (!verified.ok) return { ok: false, error: verified.reason === 'expired' ? 'tokenExpired' : 'permissionDenied' }
  const { expiresAt, grant } = verified
  const { info, data, override } = grant
  return { ok: true, policy: { ...admitted.policy, ...override }, terms: { byToken: true, info, data, expiresAt } }
}

/** What a token says, provided that it is for this channel, this user and, if it names one, this connection. */
export async function verifyFor(client: Client, channel: string, token: string): Promise<VerifiedSubscription> {
  const { authenticator, limits } = client.services
  const verified = await within(limits.answerMs, 'verifying a token', () =>
    authenticator.verifySubscriptionToken(token),
  )
  if (!verified.ok) return refused(client, verified)
  const isTheirs =
    verified.grant.channel === channel &&
    verified.userId === client.identity.userId &&
    (verified.client === null || verified.client === client.id)
  if (isTheirs) return verified
  return refused(client, { ok: false, reason: 'invalid', why: 'for another channel, user or connection' })
}

/** The client is told 103 and no more, so what is wrong stands in the log. */
function refused(
  { id, identity, services }: Client,
  refusal: Extract<VerifiedSubscription, { ok: false }>,
): VerifiedSubscription {
  const { reason, why } = refusal
  if (reason === 'invalid') {
    services.log.info({ connection: id, user: identity.userId, code: 103, why }, 'subscription token refused')
  }
  return refusal
}
