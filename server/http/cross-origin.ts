import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Lets pages of allowed origins read the answer, and answers a browser that asks beforehand. Cookies are never allowed:
 * a page has to bring a token.
 */
export function admitOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  method: 'GET' | 'POST',
  isAllowed: (origin: string) => boolean,
): 'answered' | 'go on' {
  const { origin } = request.headers
  response.setHeader('vary', 'origin')
  const isAdmitted = origin !== undefined && isAllowed(origin)
  if (isAdmitted) response.setHeader('access-control-allow-origin', origin)
  if (request.method !== 'OPTIONS') return 'go on'
  if (isAdmitted) {
    response.setHeader('access-control-allow-methods', method)
    response.setHeader('access-control-allow-headers', 'authorization, content-type, x-api-key')
    response.setHeader('access-control-max-age', '3600')
  }
  response.writeHead(204).end()
  return 'answered'
}
