import type { IncomingMessage } from 'node:http'

/**
 * The JSON encoding is what no name or `centrifuge-json` asks for. `ws` would accept whatever is offered first and make a
 * Protobuf client believe that it was understood.
 */
export function choosesJson(offered: ReadonlySet<string>): string | false {
  return offered.has('centrifuge-json') ? 'centrifuge-json' : false
}

export function offersOnlyProtobuf({ headers, url = '/' }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
  const protocols = headers['sec-websocket-protocol']
  if (protocols === undefined && !url.includes('?')) return false
  const offered = (protocols ?? '').split(',').map((name) => name.trim())
  if (offered.includes('centrifuge-json')) return false
  if (offered.includes('centrifuge-protobuf')) return true
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '')
  return query.get('cf_protocol') === 'protobuf' || query.get('format') === 'protobuf'
}
