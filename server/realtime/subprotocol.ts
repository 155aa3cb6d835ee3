import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

export const jsonProtocol = 'centrifuge-json'

/** Whether this name has to stand in the answer. The JSON encoding is also what no name asks for. */
export function offersJson(headers: IncomingHttpHeaders): boolean {
  return headers['sec-websocket-protocol'] !== undefined && offeredIn(headers).includes(jsonProtocol)
}

export function offersOnlyProtobuf({ headers, url = '/' }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
  if (headers['sec-websocket-protocol'] === undefined && !url.includes('?')) return false
  const offered = offeredIn(headers)
  if (offered.includes(jsonProtocol)) return false
  if (offered.includes('centrifuge-protobuf')) return true
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '')
  return query.get('cf_protocol') === 'protobuf' || query.get('format') === 'protobuf'
}

function offeredIn({ 'sec-websocket-protocol': protocols = '' }: IncomingHttpHeaders): readonly string[] {
  return protocols.split(',').map((name) => name.trim())
}
