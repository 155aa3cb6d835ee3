import type { ClientInfo } from './broker.ts'

/** Who is in which channel, on this node. An entry belongs to a client, not to a user. */
export interface MemoryPresence {
  add(channel: string, info: ClientInfo): void
  remove(channel: string, clientId: string): void
  list(channel: string): readonly ClientInfo[]
}

export function createMemoryPresence(): MemoryPresence {
  const channels = new Map<string, Map<string, ClientInfo>>()

  return {
    add(channel, info) {
      const clients = channels.get(channel) ?? new Map<string, ClientInfo>()
      channels.set(channel, clients)
      clients.set(info.client, info)
    },
    remove(channel, clientId) {
      const clients = channels.get(channel)
      if (!clients?.delete(clientId)) return
      if (clients.size === 0) channels.delete(channel)
    },
    list: (channel) => [...(channels.get(channel)?.values() ?? [])],
  }
}
