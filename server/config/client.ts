import { z } from 'zod'
import { namespaceName } from '#protocol/channel.ts'
import { isLoopback } from './network.ts'

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

const text = z.string().optional().catch(undefined)
const keys = {
  hmac_secret_key: text,
  hmac_previous_secret_key: text,
  jwks_public_endpoint: text,
}

/** What is looked at together, as far as it can be read: what is wrong elsewhere is no reason not to tell of it. */
const access = z.object({
  host: z.string().catch('127.0.0.1'),
  public_url: text,
  http_api: z.object({ key: text }).catch({}),
  client: z
    .object({
      insecure: z.boolean().catch(false),
      token: z.object(keys).catch({}),
      subscription_token: z
        .object({ enabled: z.boolean().catch(true), ...keys })
        .optional()
        .catch(undefined),
    })
    .catch({ insecure: false, token: {} }),
})

/** What is wrong with these settings together, given as they were written. */
export function accessProblems(settings: unknown): string[] {
  const { client, http_api, host, public_url } = access.parse(settings)
  const own = client.subscription_token
  if (client.insecure) {
    const isReachable = !isLoopback(host) || !isLoopback(hostnameOf(public_url) ?? '127.0.0.1')
    return isReachable
      ? [
          'client.insecure: everybody who reaches the server may do everything, so host and public_url are loopback then.',
        ]
      : []
  }
  const secrets = {
    'client.token.hmac_secret_key': client.token.hmac_secret_key,
    'client.token.hmac_previous_secret_key': client.token.hmac_previous_secret_key,
    'client.subscription_token.hmac_secret_key': own?.hmac_secret_key,
    'client.subscription_token.hmac_previous_secret_key': own?.hmac_previous_secret_key,
    'http_api.key': http_api.key,
  }
  const problems = Object.entries(secrets).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : secretProblems(name, value),
  )
  if (own?.enabled && !(own.hmac_secret_key ?? own.hmac_previous_secret_key ?? own.jwks_public_endpoint)) {
    problems.push(
      'client.subscription_token: give hmac_secret_key or jwks_public_endpoint, or leave it out: then the keys of client.token hold.',
    )
  }
  return problems
}

/** Words with spaces between them are no output of a generator, and neither are these: they come from examples. */
const placeholder =
  /\s|^<.*>$|…|\.\.\.|^(put|your|my|change|replace|insert|enter|example|secret|placeholder)[-_.]|changeme/i

function secretProblems(name: string, value: string): string[] {
  if (placeholder.test(value)) {
    return [`${name}: this is a placeholder, or has spaces. Put the output of "openssl rand -base64 32" there.`]
  }
  if (Buffer.byteLength(value) >= secretBytes) return []
  return [`${name}: give at least ${secretBytes} bytes, for example from "openssl rand -base64 32".`]
}

function hostnameOf(address: string | undefined): string | null {
  // What is no address is told by the check of its own.
  return address !== undefined && URL.canParse(address) ? new URL(address).hostname : null
}

function isProtected(address: string): boolean {
  // What is no address of the web is told by the check before.
  if (!URL.canParse(address)) return true
  const { protocol, hostname } = new URL(address)
  return protocol !== 'http:' || isLoopback(hostname)
}
