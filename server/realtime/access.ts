import { channelName, namespaceOf, restOf, usersOf } from '#protocol/channel.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { KeyScope } from '#protocol/roles.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { HistoryPolicy } from '#server/broker/broker.ts'
import type { Namespace } from '#server/config/namespaces.ts'

export type Action = 'subscribe' | 'publish' | 'history' | 'presence'

export type Access =
  | { readonly ok: true; readonly policy: Namespace }
  | { readonly ok: false; readonly error: ReplyErrorName; readonly message?: string }

/** Who may do what where: decided from the identity, the channel's name and the policies alone. */
export interface AccessRules {
  check(identity: Identity, action: Action, channel: string): Access
  /** The policy of a channel, whoever asks; undefined outside every namespace. */
  policyOf(channel: string): Namespace | undefined
  /** Whether this identity may subscribe or publish in this namespace in general. */
  inNamespace(identity: Identity, action: 'subscribe' | 'publish', policy: Namespace): boolean
}

/**
 * The policy of personal channels, `#ada`: only that user subscribes, and what the server, an operator or a key publishes
 * there waits a day for a user who is away.
 */
export const personalPolicy: Namespace = {
  name: '',
  history_size: 100,
  history_ttl: 24 * 3600,
  force_recovery: true,
  force_recovery_mode: 'stream',
  force_positioning: false,
  presence: false,
  join_leave: false,
  allow_tags_filter: false,
  allowed_delta_types: [],
  subscribe_roles: [],
  publish_roles: ['admin', 'operator'],
  device_own: false,
}

export function createAccessRules(namespaces: readonly Namespace[]): AccessRules {
  const policies = new Map(namespaces.map((policy) => [policy.name, policy]))

  return { check, policyOf, inNamespace }

  function check(identity: Identity, action: Action, channel: string): Access {
    const policy = policyOf(channel)
    if (!policy) return { ok: false, error: 'unknownChannel' }
    const name = channelName.safeParse(channel)
    if (!name.success)
      return { ok: false, error: 'badRequest', message: name.error.issues[0]?.message ?? 'bad channel' }
    // A private channel asks for a subscription token, and there is nobody yet who could issue one.
    if (channel.startsWith('$')) return { ok: false, error: 'permissionDenied' }
    const allowed = action === 'publish' ? inNamespace(identity, 'publish', policy) : mayRead(identity, channel, policy)
    if (!allowed) return { ok: false, error: 'permissionDenied' }
    if (action === 'history' && !hasHistory(policy)) return { ok: false, error: 'notAvailable' }
    if (action === 'presence' && !policy.presence) return { ok: false, error: 'notAvailable' }
    return { ok: true, policy }
  }

  function policyOf(channel: string): Namespace | undefined {
    const namespace = namespaceOf(channel)
    if (namespace !== '') return policies.get(namespace)
    return channel.startsWith('#') ? personalPolicy : undefined
  }
}

export function hasHistory(policy: Namespace): boolean {
  return policy.history_size > 0 && policy.history_ttl > 0
}

/** Whether subscribers have a place in the stream, which the server watches. */
export function isPositioned(policy: Namespace): boolean {
  return hasHistory(policy) && (policy.force_recovery || policy.force_positioning)
}

/** A namespace, as the broker needs to know it. */
export function historyPolicy({ history_size, history_ttl }: Namespace): HistoryPolicy {
  return { size: history_size, ttlSeconds: history_ttl }
}

function mayRead(identity: Identity, channel: string, policy: Namespace): boolean {
  if (identity.kind === 'local') return true
  // Being named decides alone: roles neither add to nor take from a channel limited to users.
  const users = usersOf(channel)
  if (users) return users.includes(identity.userId)
  if (isOwnChannel(identity, channel, policy)) return true
  return inNamespace(identity, 'subscribe', policy)
}

function isOwnChannel(identity: Identity, channel: string, policy: Namespace): boolean {
  return policy.device_own && identity.kind === 'device' && restOf(channel) === identity.device.name
}

function inNamespace(identity: Identity, action: 'subscribe' | 'publish', policy: Namespace): boolean {
  const roles = action === 'subscribe' ? policy.subscribe_roles : policy.publish_roles
  switch (identity.kind) {
    case 'local':
      return true
    case 'key':
      return hasScope(identity.scopes, action) && roles.includes('operator')
    case 'user':
    case 'device':
      return roles.includes(identity.role)
    default:
      return identity satisfies never
  }
}

/** A key with the scope does what an operator does. */
function hasScope(scopes: readonly KeyScope[], action: 'subscribe' | 'publish'): boolean {
  return scopes.includes(action) || scopes.includes('admin')
}
