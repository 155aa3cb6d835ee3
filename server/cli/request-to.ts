import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import packageJson from '../../package.json' with { type: 'json' }

/** Where a server is reached: through the local socket in its data folder, which `fetch` cannot reach, or over TCP. */
export type Target = { readonly socketPath: string } | { readonly origin: string }

export function requestTo(target: Target, path: string, options: RequestOptions): ClientRequest {
  // Shown in the list of sessions.
  const headers = { 'user-agent': `carillon-command-line/${packageJson.version}`, ...options.headers }
  const given = { ...options, headers, agent: false as const }
  if ('socketPath' in target) return httpRequest({ ...given, socketPath: target.socketPath, path })
  return (target.origin.startsWith('https:') ? httpsRequest : httpRequest)(`${target.origin}${path}`, given)
}

export function nameOf(target: Target): string {
  return 'socketPath' in target ? target.socketPath : target.origin
}
