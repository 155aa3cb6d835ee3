import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** An address or a network such as `10.0.0.0/8` or `fd00::/8`. */
export const network = z
  .string()
  .refine((text) => parseNetwork(text) !== null, 'Give an address or a network such as 10.0.0.0/8 or fd00::/8.')

/** Whether an address lies in one of these networks. */
export function inNetworks(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const text of networks) {
    const parsed = parseNetwork(text)
    if (parsed !== null) list.addSubnet(parsed.address, parsed.prefix, parsed.family)
  }
  return (address) => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** Whether only this machine reaches what listens on this address or has this name. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Whether what listens there listens on all addresses of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function parseNetwork(text: string) {
  const [address = '', prefixText, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return null
  const longest = version === 4 ? 32 : 128
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return null
  const prefix = prefixText === undefined ? longest : Number(prefixText)
  return prefix > longest ? null : { address, prefix, family: version === 4 ? ('ipv4' as const) : ('ipv6' as const) }
}
