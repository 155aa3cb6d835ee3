import { z } from 'zod'

/** Where Redis is. A password in it is never logged: say `describeRedis` to people. */
export type RedisTarget = Credentials &
  (
    | { readonly kind: 'single'; readonly address: RedisAddress; readonly db: number }
    /** The sentinels are asked where the master of this name is. */
    | {
        readonly kind: 'sentinel'
        readonly addresses: readonly RedisAddress[]
        readonly name: string
        readonly db: number
      }
    /** Some of the cluster's nodes; the others are found through them. */
    | { readonly kind: 'cluster'; readonly addresses: readonly RedisAddress[] }
  )

export interface RedisAddress {
  readonly host: string
  readonly port: number
}

interface Credentials {
  readonly tls: boolean
  readonly username?: string
  readonly password?: string
}

const forms =
  'redis://HOST:PORT/DB, rediss:// for TLS, redis+sentinel://HOST:PORT,HOST:PORT/MASTER or redis+cluster://HOST:PORT,HOST:PORT'

/** `redis_url`: `redis://:secret@10.0.0.5:6379/1` and the other forms of docs/several-nodes.md. */
export const redisUrl = z.string().transform((text, context): RedisTarget => {
  const target = parse(text.trim())
  if (target !== null) return target
  context.addIssue({ code: 'custom', message: `This is no address of a Redis. Write ${forms}.` })
  return z.NEVER
})

/** Scheme, perhaps with a way of finding the server; perhaps user and password; addresses; perhaps a path. */
const urlPattern = /^(redis|rediss)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^/?#]*))?$/

function parse(text: string): RedisTarget | null {
  const match = urlPattern.exec(text)
  if (match === null) return null
  const [, scheme, kind = 'single', userInfo, hosts = '', path = ''] = match
  const credentials = { tls: scheme === 'rediss', ...credentialsIn(userInfo) }
  const addresses = hosts.split(',').map((host) => addressIn(host, kind === 'sentinel' ? 26_379 : 6_379))
  const [first] = addresses
  if (!first || !addresses.every((address) => address !== null)) return null
  if (kind === 'cluster') return path === '' ? { kind, addresses, ...credentials } : null
  if (kind === 'sentinel') {
    const name = decoded(path)
    return name === '' ? null : { kind, addresses, name, db: 0, ...credentials }
  }
  if (addresses.length > 1 || !/^\d{0,4}$/.test(path)) return null
  return { kind: 'single', address: first, db: Number(path), ...credentials }
}

function credentialsIn(userInfo: string | undefined): Omit<Credentials, 'tls'> {
  if (userInfo === undefined) return {}
  const colon = userInfo.indexOf(':')
  const username = decoded(colon === -1 ? userInfo : userInfo.slice(0, colon))
  const password = colon === -1 ? '' : decoded(userInfo.slice(colon + 1))
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) }
}

function addressIn(text: string, defaultPort: number): RedisAddress | null {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return null
  const host = match[1] ?? match[2] ?? ''
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : null
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** For people and logs: without user and password. */
export function describeRedis(target: RedisTarget): string {
  const addresses = target.kind === 'single' ? [target.address] : target.addresses
  const text = addresses.map(({ host, port }) => `${host}:${port}`).join(', ')
  return target.kind === 'sentinel' ? `${target.name} of the sentinels ${text}` : text
}
