import type { ServerResponse } from 'node:http'
import type { Config } from '#server/config/config.ts'
import { isLoopback } from '#server/config/network.ts'

/** Headers that every answer has. */
export type SecurityHeaders = Readonly<Record<string, string>>

/** For answers that are no pages: whoever gets a browser to show one gets nothing to run. */
const answerPolicy = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"].join(
  '; ',
)

/** For the console: its own files and nothing else, and no script or style within the page. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Whatever the configuration says. */
export const plainHeaders: SecurityHeaders = {
  'content-security-policy': answerPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export function securityHeaders(config: Pick<Config, 'tls' | 'public_url' | 'host'>): SecurityHeaders {
  return staysOnTls(config) ? { ...plainHeaders, 'strict-transport-security': 'max-age=31536000' } : plainHeaders
}

/** A route may replace one later, as pages do with the policy. */
export function setSecurityHeaders(response: ServerResponse, headers: SecurityHeaders): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '')
}

/**
 * Whether browsers may be told to come over TLS alone for a year. Not to loopback, whose other ports it would go for as
 * well, and not with a certificate of our own, which people could not accept any more after its renewal.
 */
function staysOnTls({ tls, public_url, host }: Pick<Config, 'tls' | 'public_url' | 'host'>): boolean {
  if (tls === 'self-signed') return false
  if (public_url === undefined) return tls !== undefined && !isLoopback(host)
  const { protocol, hostname } = new URL(public_url)
  return protocol === 'https:' && !isLoopback(hostname)
}
