import { z } from 'zod'
import type { PolicyOverride, SubscriptionGrant } from './auth.ts'

/** Any JSON value as its text. Null is the same as nothing, as everywhere in the protocol. */
const jsonText = z.unknown().transform((value, context) => textOf(value, context))

/** The same in base 64, for backends whose JSON must not be touched. */
const base64Json = z.base64('is not base 64').transform((encoded, context) => {
  try {
    return textOf(JSON.parse(Buffer.from(encoded, 'base64').toString()), context)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})

const flag = z.object({ value: z.boolean() }).transform(({ value }) => value)
const override = z.object({
  presence: flag.optional(),
  join_leave: flag.optional(),
  force_push_join_leave: flag.optional(),
  force_positioning: flag.optional(),
  force_recovery: flag.optional(),
})

/** Seconds since 1970; `expire_at` 0 is never. Whether `exp` and `nbf` hold has been seen when the token was verified. */
const times = { exp: z.number().optional(), expire_at: z.number().min(0).optional() }

const infoClaims = { info: jsonText.optional(), b64info: base64Json.optional() }

const subscriptionOptions = z.object({
  ...infoClaims,
  data: jsonText.optional(),
  b64data: base64Json.optional(),
  override: override.optional(),
})

/** The claims of a connection token. One with a channel is a subscription token and opens no socket. */
export const connectionClaims = z
  .object({
    ...{ sub: z.string().default(''), ...times, ...infoClaims },
    channels: z.array(z.string()).default([]),
    subs: z.record(z.string(), subscriptionOptions).default({}),
    meta: z.unknown().optional(),
    channel: z.never().optional(),
  })
  .transform(({ sub, meta, channels, subs, ...claims }) => {
    const grants = new Map(channels.map((channel) => [channel, grantOf(channel, {})]))
    for (const [channel, options] of Object.entries(subs)) grants.set(channel, grantOf(channel, options))
    return { userId: sub, meta, info: infoOf(claims), expiresAt: endOf(claims), grants: [...grants.values()] }
  })

/** The claims of a subscription token. */
export const subscriptionClaims = z
  .object({
    ...{ sub: z.string().default(''), channel: z.string().min(1), client: z.string().optional(), ...times },
    ...subscriptionOptions.shape,
  })
  .transform(({ sub, client, ...claims }) => ({
    userId: sub,
    client: client || null,
    expiresAt: endOf(claims),
    grant: grantOf(claims.channel, claims),
  }))

function grantOf(channel: string, options: z.infer<typeof subscriptionOptions>): SubscriptionGrant {
  const { data, b64data, override = {} } = options
  return {
    channel,
    info: infoOf(options),
    data: b64data ?? data ?? null,
    // What JSON says nothing of is not there either, rather than undefined.
    override: override as PolicyOverride,
  }
}

function infoOf({ info, b64info }: z.infer<z.ZodObject<typeof infoClaims>>): string | null {
  return b64info ?? info ?? null
}

/** When the connection or subscription ends, which may be another time than when the token does. */
function endOf({ exp, expire_at }: { readonly exp?: number | undefined; readonly expire_at?: number | undefined }) {
  if (expire_at === undefined) return exp ?? null
  return expire_at === 0 ? null : expire_at
}

function textOf(value: unknown, context: z.RefinementCtx): string | null {
  if (value === null || value === undefined) return null
  try {
    return JSON.stringify(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'is nested too deeply' })
    return z.NEVER
  }
}
