import { channelName, isChannelName, namespaceOf, restOf, usersOf } from '#protocol/channel.ts'
import type { ReplyErrorName } from '#protocol/error-codes.ts'
import type { KeyScope } from '#protocol/roles.ts'
import type { ExternalIdentity, SocketIdentity } from '#server/auth/identity.ts'
import type { HistoryPolicy } from '#server/broker/broker.ts'
import { type Namespace, withoutNamespace } from '#server/config/namespaces.ts'

export type Action = 'subscribe' | 'publish' | 'history' | 'presence'

export type Access =
  | { readonly ok: true; readonly policy: Namespace }
  | { readonly ok: false; readonly error: ReplyErrorName; readonly message?: string }

/** Who may do what where: decided from the identity, the channel's name and the policies alone. */
export interface AccessRules {
  /** `isSubscribed`: the client who asks is in the channel, by whatever way it got there. */
  check(identity: SocketIdentity, action: Action, channel: string, isSubscribed?: boolean): Access
  /** Whether there can be such a channel; who may enter has been decided elsewhere. */
  admit(channel: string): Access
  /** The policy of a channel, whoever asks; undefined outside every namespace. */
  policyOf(channel: string): Namespace | undefined
  /** Whether this identity may subscribe or publish in this namespace in general. */
  inNamespace(identity: SocketIdentity, action: 'subscribe' | 'publish', policy: Namespace): boolean
}

export interface AccessOptions {
  readonly namespaces: readonly Namespace[]
  /** The policy of channels without a namespace. Default: there are none. */
  readonly withoutNamespace?: Namespace | undefined
  /** Whoever is not known to this server may do everything. Default false. */
  readonly insecure?: boolean
}

/**
 * The policy of personal channels, `#ada`: only that user subscribes, and what the server, an operator or a key publishes
 * there waits a day for a user who is away.
 */
export const personalPolicy: Namespace = withoutNamespace.parse({
  history_size: 100,
  history_ttl: '24h',
  force_recovery: true,
  publish_roles: ['admin', 'operator'],
})

export function createAccessRules({ namespaces, withoutNamespace, insecure = false }: AccessOptions): AccessRules {
  const policies = new Map(namespaces.map((policy) => [policy.name, policy]))

  return { check, admit, policyOf, inNamespace }

  function check(identity: SocketIdentity, action: Action, channel: string, isSubscribed = false): Access {
    const admitted = admit(channel)
    if (!admitted.ok) return admitted
    const { policy } = admitted
    if (!may(identity, action, channel, policy, isSubscribed)) return { ok: false, error: 'permissionDenied' }
    if (action === 'history' && !hasHistory(policy)) return { ok: false, error: 'notAvailable' }
    if (action === 'presence' && !policy.presence) return { ok: false, error: 'notAvailable' }
    return admitted
  }

  function may(
    identity: SocketIdentity,
    action: Action,
    channel: string,
    policy: Namespace,
    isSubscribed: boolean,
  ): boolean {
    if (identity.kind === 'local' || (identity.kind === 'key' && identity.isConfigured)) return true
    if (identity.kind === 'external' && insecure) return true
    if (identity.kind === 'grant' && !hasScope(identity.scopes, action === 'publish' ? 'publish' : 'subscribe')) {
      return false
    }
    // Into a private channel leads a subscription token alone; out of it nobody publishes or reads who is not in.
    const isPrivate = channel.startsWith('$')
    if (isPrivate && (action === 'subscribe' || !(isSubscribed || isTrusted(identity)))) return false
    if (identity.kind === 'external') return externalMay(identity, action, channel, policy, isSubscribed)
    switch (action) {
      case 'publish':
        return inNamespace(identity, 'publish', policy) || (policy.allow_publish_for_subscriber && isSubscribed)
      case 'subscribe':
        return mayRead(identity, channel, policy)
      case 'history':
      case 'presence':
        return isSubscribed || mayRead(identity, channel, policy)
      default:
        return action satisfies never
    }
  }

  function admit(channel: string): Access {
    const policy = policyOf(channel)
    if (!policy) return { ok: false, error: 'unknownChannel' }
    if (isChannelName(channel)) return { ok: true, policy }
    const message = channelName.safeParse(channel).error?.issues[0]?.message ?? 'bad channel'
    return { ok: false, error: 'badRequest', message }
  }

  function policyOf(channel: string): Namespace | undefined {
    const namespace = namespaceOf(channel)
    if (namespace !== '') return policies.get(namespace)
    return channel.startsWith('#') ? personalPolicy : withoutNamespace
  }
}

export function hasHistory(policy: Namespace): boolean {
  return policy.history_size > 0 && policy.history_ttl > 0
}

/** Whether subscribers are told their place in the stream. */
export function isPositioned(policy: Namespace): boolean {
  return hasHistory(policy) && (policy.force_recovery || policy.force_positioning)
}

/** A namespace, as the broker needs to know it. */
export function historyPolicy({ history_size, history_ttl }: Namespace): HistoryPolicy {
  return { size: history_size, ttlSeconds: history_ttl }
}

function mayRead(identity: SocketIdentity, channel: string, policy: Namespace): boolean {
  // Being named decides alone: roles neither add to nor take from a channel limited to users.
  const users = usersOf(channel)
  if (users) return users.includes(identity.userId)
  if (isOwnChannel(identity, channel, policy)) return true
  return inNamespace(identity, 'subscribe', policy)
}

function isOwnChannel(identity: SocketIdentity, channel: string, policy: Namespace): boolean {
  return policy.device_own && identity.kind === 'device' && restOf(channel) === identity.device.name
}

/** Who could let themselves into a private channel anyway, by issuing a token. */
function isTrusted(identity: SocketIdentity): boolean {
  if (identity.kind === 'user' || identity.kind === 'grant') return identity.role !== 'viewer'
  return identity.kind === 'key'
}

/** Users of the site have no role: the options of the namespace decide. */
function externalMay(
  { userId }: ExternalIdentity,
  action: Action,
  channel: string,
  policy: Namespace,
  isSubscribed: boolean,
): boolean {
  const users = usersOf(channel)
  if (users && !isSubscribed) {
    // An anonymous user is nobody in particular, whatever an empty place in the list might say.
    if (userId === '' || !users.includes(userId)) return false
    if (action !== 'publish') return true
  }
  const { forClient, forSubscriber, forAnonymous } = allowances(action, policy)
  return (forClient || (forSubscriber && isSubscribed)) && (userId !== '' || forAnonymous)
}

function allowances(action: Action, policy: Namespace) {
  switch (action) {
    case 'subscribe':
      return {
        forClient: policy.allow_subscribe_for_client,
        forSubscriber: false,
        forAnonymous: policy.allow_subscribe_for_anonymous,
      }
    case 'publish':
      return {
        forClient: policy.allow_publish_for_client,
        forSubscriber: policy.allow_publish_for_subscriber,
        forAnonymous: policy.allow_publish_for_anonymous,
      }
    case 'history':
      return {
        forClient: policy.allow_history_for_client,
        forSubscriber: policy.allow_history_for_subscriber,
        forAnonymous: policy.allow_history_for_anonymous,
      }
    case 'presence':
      return {
        forClient: policy.allow_presence_for_client,
        forSubscriber: policy.allow_presence_for_subscriber,
        forAnonymous: policy.allow_presence_for_anonymous,
      }
    default:
      return action satisfies never
  }
}

function inNamespace(identity: SocketIdentity, action: 'subscribe' | 'publish', policy: Namespace): boolean {
  const roles = action === 'subscribe' ? policy.subscribe_roles : policy.publish_roles
  const forClients = action === 'subscribe' ? policy.allow_subscribe_for_client : policy.allow_publish_for_client
  switch (identity.kind) {
    case 'local':
      return true
    case 'key':
      return identity.isConfigured === true || (hasScope(identity.scopes, action) && roles.includes('operator'))
    case 'grant':
      return hasScope(identity.scopes, action) && (roles.includes(identity.role) || forClients)
    case 'user':
    case 'device':
      return roles.includes(identity.role) || forClients
    case 'external':
      return forClients
    default:
      return identity satisfies never
  }
}

/** A key with the scope does what an operator does. */
function hasScope(scopes: readonly KeyScope[], action: 'subscribe' | 'publish'): boolean {
  return scopes.includes(action) || scopes.includes('admin')
}
