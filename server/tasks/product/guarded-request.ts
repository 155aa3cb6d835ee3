import { type LookupAddress, lookup } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

export interface GuardedRequest {
  readonly url: string
  readonly payload: string
  readonly headers: Readonly<Record<string, string>>
  /** Names or addresses that may be in a private network. */
  readonly privateHosts: readonly string[]
  readonly signal: AbortSignal
}

/**
 * POSTs to somewhere outside: never to this machine or a private network, unless the host is named. It is the address that
 * is connected to which is looked at, so that a name whose address changes in between leads nowhere either. Answers the
 * status; what else is answered is not read.
 */
export function sendGuarded({ url, payload, headers, privateHosts, signal }: GuardedRequest): Promise<number> {
  const target = new URL(url)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  const isNamed = privateHosts.includes(host)
  if (!isNamed && isIP(host) !== 0 && isPrivate(host)) throw refused(host, host)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const { request } = target.protocol === 'https:' ? https : http
  const sent = request(target, {
    method: 'POST',
    headers: { 'user-agent': 'Carillon', ...headers, 'content-length': Buffer.byteLength(payload) },
    // No connection of another request, whose address nobody has looked at.
    agent: false,
    lookup: isNamed ? undefined : guardedLookup,
    signal,
  })
  sent.on('response', (response) => {
    response.destroy()
    resolve(response.statusCode ?? 0)
  })
  sent.on('error', reject)
  sent.end(payload)
  return promise
}

const guardedLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return done(error, '', 0)
    const wrong = found.find(({ address }) => isPrivate(address))
    if (wrong !== undefined) return done(refused(hostname, wrong.address), '', 0)
    const [first] = found
    if (options.all) return done(null, found)
    return done(null, first?.address ?? '', first?.family ?? 0)
  })
}

function refused(host: string, address: string): Error & { retry: false } {
  const where = host === address ? host : `${host} (${address})`
  const sentence = `${where} is on this machine or in a private network, where webhooks are not sent. Add ${host} to tasks.webhook.private_hosts if it is meant.`
  return Object.assign(new Error(sentence), { name: 'WebhookError', retry: false as const })
}

const notPublic = new BlockList()
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(address, prefix, 'ipv4')
}
/** What the Internet routes; all else of IPv6 stays within a site, or stands for an address of IPv4. */
const publicV6 = new BlockList()
publicV6.addSubnet('2000::', 3, 'ipv6')
for (const [address, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  notPublic.addSubnet(address, prefix, 'ipv6')
}

export function isPrivate(address: string): boolean {
  if (isIP(address) !== 6) return notPublic.check(address, 'ipv4')
  return notPublic.check(address, 'ipv6') || !publicV6.check(address, 'ipv6')
}
