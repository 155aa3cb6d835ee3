import type { IncomingHttpHeaders } from 'node:http'

/**
 * The headers of a request that is nothing but an upgrade to our WebSocket, whole, in the form in which clients write it.
 * Null for anything else, be it as good: that is for Node's parser to judge. What is taken here it reads the same way.
 */
export function plainUpgrade(request: Buffer): IncomingHttpHeaders | null {
  if (request.length > maxBytes) return null
  const text = request.toString('latin1')
  if (!text.startsWith(requestLine) || !text.endsWith('\r\n\r\n')) return null
  // Without a prototype, as a name could be one of its own.
  const headers: Record<string, string> = Object.create(null)
  const end = text.length - 2
  let at = requestLine.length
  while (at < end) {
    headerLine.lastIndex = at
    const [line, written, value] = headerLine.exec(text) ?? []
    if (line === undefined || written === undefined || value === undefined) return null
    const name = known.get(written) ?? knownInLowerCase(written)
    // Twice the same is for Node to join or to drop.
    if (name === undefined || headers[name] !== undefined) return null
    headers[name] = value
    at += line.length
  }
  const { host, connection, upgrade } = headers
  const isUpgrade = connection !== undefined && upgrades.test(connection) && upgrade?.toLowerCase() === 'websocket'
  return isUpgrade && host !== undefined ? headers : null
}

const maxBytes = 4096
export const plainUpgradePath = '/connection/websocket'
const requestLine = `GET ${plainUpgradePath} HTTP/1.1\r\n`
/** Printable ASCII alone, one space before it and none behind it. */
const headerLine = /([A-Za-z-]+): ([!-~](?:[ -~]*[!-~])?)\r\n/y
const upgrades = /^(?:keep-alive, ?)?upgrade$/i

/** What browsers, other clients and proxies send, and nothing that says that a body follows. */
const names = [
  ...['Host', 'Connection', 'Upgrade', 'Origin', 'User-Agent', 'Cookie', 'Pragma', 'Cache-Control', 'DNT'],
  ...['Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'],
  ...['Sec-Fetch-Dest', 'Sec-Fetch-Mode', 'Sec-Fetch-Site', 'Accept', 'Accept-Encoding', 'Accept-Language'],
  ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Real-IP', 'X-Request-ID', 'Authorization'],
]
const known: ReadonlyMap<string, string> = new Map(
  names.flatMap((name) => [
    [name, name.toLowerCase()],
    [name.toLowerCase(), name.toLowerCase()],
  ]),
)

function knownInLowerCase(written: string): string | undefined {
  return known.get(written.toLowerCase())
}
