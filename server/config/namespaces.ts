import { z } from 'zod'
import { namespaceName } from '#protocol/channel.ts'
import { role } from '#protocol/roles.ts'

/** A time span such as `"168h"`, `"30m"`, `"45s"`, or a number of seconds; seconds inside. */
export const timeSpan = z
  .union([z.int().min(0), z.string().regex(/^\d+(s|m|h)$/, 'Give a time span such as 30s, 15m or 168h.')])
  .transform((span) => (typeof span === 'number' ? span : Number.parseInt(span, 10) * secondsPer(span.at(-1))))

/**
 * The policy of the channels of one namespace, in Centrifugo's terms where it has one. Who may do what is a list of
 * roles; `device_own` also lets a device subscribe to the one channel that carries its name.
 */
export const namespace = z.strictObject({
  name: namespaceName,
  history_size: z.int().min(0).max(100_000).default(0),
  history_ttl: timeSpan.default(0),
  /** Subscribers get a position and may recover what they missed. Needs history. */
  force_recovery: z.boolean().default(false),
  /** Recovery gives all that was missed, or of a channel that tells a state only the newest. */
  force_recovery_mode: z.enum(['stream', 'cache']).default('stream'),
  /** Subscribers get a position, and are told when they missed something, also without recovery. Needs history. */
  force_positioning: z.boolean().default(false),
  presence: z.boolean().default(false),
  join_leave: z.boolean().default(false),
  /** Subscribers may ask for the publications with certain tags only. */
  allow_tags_filter: z.boolean().default(false),
  /** Subscribers with a position may ask for publications as differences to the one before. */
  allowed_delta_types: z.array(z.enum(['fossil'])).default([]),
  subscribe_roles: z.array(role).default([]),
  publish_roles: z.array(role).default([]),
  device_own: z.boolean().default(false),
})
export type Namespace = z.infer<typeof namespace>

export const namespaces = z.array(namespace).superRefine((list, context) => {
  const seen = new Set<string>()
  for (const [index, { name, history_size, history_ttl, ...policy }] of list.entries()) {
    if (seen.has(name)) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `The namespace ${name} is there twice.` })
    }
    seen.add(name)
    if (history_size > 0 && history_ttl > 0) continue
    const needs = (path: string, what: string) => {
      const message = `${what} needs history: set history_size and history_ttl.`
      context.addIssue({ code: 'custom', path: [index, path], message })
    }
    if (policy.force_recovery) needs('force_recovery', 'Recovery')
    if (policy.force_positioning) needs('force_positioning', 'Positioning')
  }
})

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
  return unit === 'h' ? 3600 : unit === 'm' ? 60 : 1
}
