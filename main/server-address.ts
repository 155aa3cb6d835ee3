import { ServerError } from './server-error.ts'

/** Where a server listens unless told otherwise. */
export const defaultServer = 'http://127.0.0.1:8750'

/**
 * The origin behind an address as a person types it: `box.example.org` gives `https://box.example.org`, `localhost:8750`
 * gives `http://localhost:8750`. Path, query and credentials are dropped. Throws `bad_address`.
 */
export function serverOrigin(address: string): string {
  const typed = address.trim()
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed)
  const url = parseUrl(hasScheme ? typed : `https://${typed}`)
  if (url === null || url.hostname === '' || !['http:', 'https:'].includes(url.protocol)) {
    throw new ServerError(
      'bad_address',
      `"${typed}" is not a server address. Give one such as https://carillon.example.org or ${defaultServer}.`,
    )
  }
  return hasScheme || !isLoopback(url.hostname) ? url.origin : `http://${url.host}`
}

/** Where a server's sockets open. */
export function socketUrl(origin: string): string {
  return `${origin.replace(/^http/, 'ws')}/connection/websocket`
}

/** `URL.parse` is younger than the oldest Node this runs in. */
function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
