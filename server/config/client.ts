import { z } from 'zod'
import { namespaceName } from '#protocol/channel.ts'

const origin = z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin)

const secret = z.string().min(1, 'A secret key is not empty.')

/** How tokens that the site's own backend signs are verified. Without a key there are none. */
const siteTokens = z.strictObject({
  /** For HS256, HS384 and HS512. */
  hmac_secret_key: secret.optional(),
  /** Accepted too while a new key is brought in. */
  hmac_previous_secret_key: secret.optional(),
  /** Seconds since 1970; 0 for no end. */
  hmac_previous_secret_key_valid_until: z.int().min(0).default(0),
  /** Where the public keys are, for RS, PS, ES and EdDSA. */
  jwks_public_endpoint: z
    .url({ protocol: /^https?$/, error: 'jwks_public_endpoint is an http or https address.' })
    .refine(isProtected, 'Over plain http anybody on the way could put in other keys: give an https address.')
    .optional(),
  audience: z.string().min(1).optional(),
  issuer: z.string().min(1).optional(),
})
export type SiteTokenSettings = z.infer<typeof siteTokens>

/** What happens when a client connects and subscribes, in Centrifugo's terms. */
export const clientSettings = z.strictObject({
  /** Everybody connects without a token and may do everything. For tests: refused anywhere but on loopback. */
  insecure: z.boolean().default(false),
  allow_anonymous_connect_without_token: z.boolean().default(false),
  /** Refuses tokens without a user id. */
  disallow_anonymous_connection_tokens: z.boolean().default(false),
  token: siteTokens.prefault({}),
  /** Those of `token` unless given and enabled. */
  subscription_token: siteTokens.extend({ enabled: z.boolean().default(true) }).optional(),
  subscribe_to_user_personal_channel: z
    .strictObject({
      enabled: z.boolean().default(false),
      /** The personal channel is `<namespace>:#<user>` instead of `#<user>`. */
      personal_channel_namespace: namespaceName.optional(),
      /** A user's new connection closes the ones before it. */
      single_connection: z.boolean().default(false),
    })
    .prefault({}),
  /** Other sites whose pages may connect over HTTP streams, such as `https://intranet.example.org`; `*` is all. */
  allowed_origins: z
    .array(z.union([z.literal('*'), origin], 'Give an origin such as https://intranet.example.org, or *.'))
    .max(100)
    .default([]),
})
export type ClientSettings = z.infer<typeof clientSettings>

/** The settings by which subscription tokens are verified. */
export function subscriptionTokenSettings({
  token,
  subscription_token: own,
}: Pick<ClientSettings, 'token' | 'subscription_token'>): SiteTokenSettings {
  return own?.enabled ? own : token
}

/** The realtime server API. */
export const httpApiSettings = z.strictObject({
  /** A key that is always there. It opens `/api/<method>` only, in every channel. */
  key: secret.optional(),
})

/** Shorter ones could be guessed: HS256 wants as many bits as its hash has. */
const secretBytes = 32

interface Secrets {
  readonly client: ClientSettings
  readonly http_api: z.infer<typeof httpApiSettings>
  readonly host: string
  readonly public_url?: string | undefined
}

/** What is wrong with these settings together. */
export function accessProblems({ client, http_api, host, public_url }: Secrets): string[] {
  if (client.insecure) {
    const isReachable = !isLoopback(host) || (public_url !== undefined && !isLoopback(new URL(public_url).hostname))
    return isReachable
      ? [
          'client.insecure: everybody who reaches the server may do everything, so host and public_url are loopback then.',
        ]
      : []
  }
  const secrets = {
    'client.token.hmac_secret_key': client.token.hmac_secret_key,
    'client.token.hmac_previous_secret_key': client.token.hmac_previous_secret_key,
    'client.subscription_token.hmac_secret_key': client.subscription_token?.hmac_secret_key,
    'client.subscription_token.hmac_previous_secret_key': client.subscription_token?.hmac_previous_secret_key,
    'http_api.key': http_api.key,
  }
  return Object.entries(secrets)
    .filter(([, value]) => value !== undefined && Buffer.byteLength(value) < secretBytes)
    .map(([name]) => `${name}: give at least ${secretBytes} bytes, for example from "openssl rand -base64 32".`)
}

function isProtected(address: string): boolean {
  // What is no address of the web is told by the check before.
  if (!URL.canParse(address)) return true
  const { protocol, hostname } = new URL(address)
  return protocol !== 'http:' || isLoopback(hostname)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
