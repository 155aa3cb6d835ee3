import type { Client } from './client.ts'
import { clientInfoText } from './encode.ts'
import { failed, type Outcome } from './outcome.ts'

/** Who is in a channel, by client id. */
export async function presence(client: Client, { channel }: { readonly channel: string }): Promise<Outcome> {
  const { access, broker } = client.services
  const allowed = access.check(client.identity, 'presence', channel, client.isIn(channel))
  if (!allowed.ok) return failed(allowed.error, allowed.message)
  const entries = (await broker.presence(channel)).map(
    (info) => `${JSON.stringify(info.client)}:${clientInfoText(info)}`,
  )
  return { kind: 'result', result: `{"presence":{${entries.join(',')}}}` }
}

/** How many clients and how many different users are in a channel. */
export async function presenceStats(client: Client, { channel }: { readonly channel: string }): Promise<Outcome> {
  const { access, broker } = client.services
  const allowed = access.check(client.identity, 'presence', channel, client.isIn(channel))
  if (!allowed.ok) return failed(allowed.error, allowed.message)
  const clients = await broker.presence(channel)
  const users = new Set(clients.map(({ user }) => user))
  return { kind: 'result', result: JSON.stringify({ num_clients: clients.length, num_users: users.size }) }
}
