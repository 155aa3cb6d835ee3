import { hostname, networkInterfaces } from 'node:os'
import type { Config } from './config.ts'
import { isWildcard } from './network.ts'

/**
 * The origins whose pages are the server's own. Browsers tell `localhost` from `127.0.0.1`; people do not, and nobody
 * else can be at either, so a loopback address stands for all its spellings.
 */
export function ownOrigins(baseUrl: string): readonly string[] {
  const names = ['localhost', '127.0.0.1', '[::1]']
  const url = new URL(baseUrl)
  return names.includes(url.hostname) ? originsAt(names, url) : [url.origin]
}

/** With those of the machine's own addresses where the server listens on all of them and was not told which to use. */
export function originsOf(config: Pick<Config, 'host' | 'public_url'>, baseUrl: string): readonly string[] {
  return [...ownOrigins(baseUrl), ...originsAt(machineNames(config), new URL(baseUrl))]
}

/** An address at which other machines find a server that listens everywhere; null where it has one of its own. */
export function addressForOthers(config: Pick<Config, 'host' | 'public_url'>, baseUrl: string): string | null {
  return originsAt(machineNames(config), new URL(baseUrl))[0] ?? null
}

type Interfaces = ReturnType<typeof networkInterfaces>

/**
 * What others call this machine, IPv4 first and its name last: a name may be unknown to them. None where `host` or
 * `public_url` say what the server is called.
 */
export function machineNames(
  { host, public_url }: Pick<Config, 'host' | 'public_url'>,
  interfaces: Interfaces = networkInterfaces(),
): readonly string[] {
  if (!isWildcard(host) || public_url !== undefined) return []
  const families = host === '0.0.0.0' ? ['IPv4'] : ['IPv4', 'IPv6']
  const found = Object.values(interfaces).flatMap((each = []) => each.filter(({ internal }) => !internal))
  const addresses = families.flatMap((family) => found.filter((each) => each.family === family))
  // No page has a link-local address: it would have to name the interface.
  return [...addresses.map(({ address }) => address).filter((address) => !/^fe[89ab]/i.test(address)), hostname()]
}

function originsAt(names: readonly string[], { protocol, port }: URL): readonly string[] {
  const written = names.map((name) => (name.includes(':') && !name.startsWith('[') ? `[${name}]` : name))
  const suffix = port === '' ? '' : `:${port}`
  const addresses = written.map((name) => `${protocol}//${name}${suffix}`)
  // A machine may be called what no address can hold.
  return addresses.filter((address) => URL.canParse(address)).map((address) => new URL(address).origin)
}
