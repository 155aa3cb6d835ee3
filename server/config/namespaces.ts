import { z } from 'zod'
import { namespaceName } from '#protocol/channel.ts'
import { role } from '#protocol/roles.ts'

/** A time span such as `"30d"`, `"168h"`, `"30m"`, `"45s"`, or a number of seconds; seconds inside. */
export const timeSpan = z
  .union([z.int().min(0), z.string().regex(/^\d+(s|m|h|d)$/, 'Give a time span such as 30s, 15m, 168h or 30d.')])
  .transform((span) => (typeof span === 'number' ? span : Number.parseInt(span, 10) * secondsPer(span.at(-1))))

/** What may be said of channels, in Centrifugo's terms where it has one. */
const channelOptions = z.strictObject({
  history_size: z.int().min(0).max(100_000).default(0),
  history_ttl: timeSpan.default(0),
  /** Subscribers get a position and may recover what they missed. Needs history. */
  force_recovery: z.boolean().default(false),
  /** Recovery gives all that was missed, or of a channel that tells a state only the newest. */
  force_recovery_mode: z.enum(['stream', 'cache']).default('stream'),
  /** Subscribers get a position, and are told when they missed something, also without recovery. Needs history. */
  force_positioning: z.boolean().default(false),
  /** The same two for those subscribers who ask. */
  allow_recovery: z.boolean().default(false),
  allow_positioning: z.boolean().default(false),
  /** With the mode `cache`: every subscriber gets the newest publication, whether or not it asks. */
  auto_cache_recovery: z.boolean().default(false),
  presence: z.boolean().default(false),
  join_leave: z.boolean().default(false),
  /** Every subscriber is told of joins and leaves, whether or not it asks. */
  force_push_join_leave: z.boolean().default(false),
  /** Subscribers may ask for the publications with certain tags only. */
  allow_tags_filter: z.boolean().default(false),
  /** Subscribers with a position may ask for publications as differences to the one before. */
  allowed_delta_types: z.array(z.enum(['fossil'])).default([]),
  /** Read from configurations written for Centrifugo. Here deltas are made wherever a subscriber asked for them. */
  delta_publish: z.boolean().optional(),
  subscribe_roles: z.array(role).default([]),
  publish_roles: z.array(role).default([]),
  device_own: z.boolean().default(false),
  /** For everybody with a user id, those of the site's own tokens included; `…_for_anonymous` adds those without one. */
  allow_subscribe_for_client: z.boolean().default(false),
  allow_subscribe_for_anonymous: z.boolean().default(false),
  allow_publish_for_client: z.boolean().default(false),
  allow_publish_for_subscriber: z.boolean().default(false),
  allow_publish_for_anonymous: z.boolean().default(false),
  /** For users of the site's own tokens. Roles that may subscribe read history and presence without these. */
  allow_history_for_client: z.boolean().default(false),
  allow_history_for_subscriber: z.boolean().default(false),
  allow_history_for_anonymous: z.boolean().default(false),
  allow_presence_for_client: z.boolean().default(false),
  allow_presence_for_subscriber: z.boolean().default(false),
  allow_presence_for_anonymous: z.boolean().default(false),
})

/**
 * The policy of the channels of one namespace. Who may do what is a list of roles, and for everybody else the options
 * that begin with `allow`; `device_own` also lets a device subscribe to the one channel that carries its name.
 */
export const namespace = z.strictObject({ name: namespaceName, ...channelOptions.shape })
export type Namespace = z.infer<typeof namespace>

/** The policy of channels without a namespace, such as `lobby`. */
export const withoutNamespace = channelOptions
  .superRefine((policy, context) => {
    for (const issue of contradictions(policy)) context.addIssue({ code: 'custom', ...issue })
  })
  .transform((policy): Namespace => ({ name: '', ...policy }))

export const namespaces = z.array(namespace).superRefine((list, context) => {
  const seen = new Set<string>()
  for (const [index, policy] of list.entries()) {
    const { name } = policy
    if (seen.has(name)) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `The namespace ${name} is there twice.` })
    }
    seen.add(name)
    for (const { path, message } of contradictions(policy)) {
      context.addIssue({ code: 'custom', path: [index, ...path], message })
    }
  }
})

const needingHistory = {
  force_recovery: 'Recovery',
  allow_recovery: 'Recovery',
  force_positioning: 'Positioning',
  allow_positioning: 'Positioning',
} as const

function contradictions(policy: z.infer<typeof channelOptions>): { path: string[]; message: string }[] {
  const issues: { path: string[]; message: string }[] = []
  const hasHistory = policy.history_size > 0 && policy.history_ttl > 0
  for (const [option, what] of Object.entries(needingHistory)) {
    if (hasHistory || !policy[option as keyof typeof needingHistory]) continue
    issues.push({ path: [option], message: `${what} needs history: set history_size and history_ttl.` })
  }
  if (policy.auto_cache_recovery && !(policy.force_recovery && policy.force_recovery_mode === 'cache')) {
    const message = 'auto_cache_recovery needs force_recovery and force_recovery_mode cache.'
    issues.push({ path: ['auto_cache_recovery'], message })
  }
  return issues
}

/** What a server has without configuration. */
export const defaultNamespaces = namespaces.parse([
  {
    name: 'news',
    history_size: 1000,
    history_ttl: '168h',
    force_recovery: true,
    presence: true,
    allow_tags_filter: true,
    subscribe_roles: ['admin', 'operator', 'viewer', 'device'],
    publish_roles: ['admin', 'operator'],
  },
  {
    name: 'commands',
    history_size: 1000,
    history_ttl: '168h',
    force_recovery: true,
    presence: true,
    subscribe_roles: ['admin', 'operator'],
    publish_roles: ['admin', 'operator'],
    device_own: true,
  },
  {
    name: 'telemetry',
    subscribe_roles: ['admin', 'operator'],
    publish_roles: ['device'],
  },
  {
    name: 'tasks',
    history_size: 100,
    history_ttl: '24h',
    force_recovery: true,
    subscribe_roles: ['admin', 'operator'],
  },
])

function secondsPer(unit: string | undefined): number {
  return unit === 'd' ? 86_400 : unit === 'h' ? 3600 : unit === 'm' ? 60 : 1
}
