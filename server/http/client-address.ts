import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Whether a proxy at this address is believed. */
export type IsTrusted = (address: string) => boolean

/**
 * Where a request comes from: the socket's other end, or, when that is a trusted proxy, what it and the trusted ones
 * before it say in `X-Forwarded-For`. Read from the right, because whatever stands on the left anybody may have written.
 * The local socket has no address: whoever is there is on this machine. Neither has one that was reset before anybody
 * could ask; all those count as one.
 */
export function clientAddress(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  isTrusted: IsTrusted,
  isLocal: boolean,
): string {
  const { remoteAddress } = request.socket
  if (remoteAddress === undefined) return isLocal ? '127.0.0.1' : '0.0.0.0'
  let address = plainAddress(remoteAddress) ?? remoteAddress
  if (!isTrusted(address)) return address
  const { 'x-forwarded-for': header = '' } = request.headers
  const said = (Array.isArray(header) ? header.join(',') : header).split(',')
  while (isTrusted(address)) {
    const before = plainAddress(said.pop()?.trim() ?? '')
    if (before === null) break
    address = before
  }
  return address
}

/** Without a port, and IPv4 as such even where it came in IPv6's clothes. Null for what is no address. */
function plainAddress(text: string): string | null {
  if (isIP(text) === 4) return text
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
  return isIP(address) === 0 ? null : address
}
