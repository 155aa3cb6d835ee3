import type { Command } from '#protocol/client-protocol.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import type { Client } from './client.ts'
import { history } from './history.ts'
import { closed, type Outcome, silence } from './outcome.ts'
import { presence, presenceStats } from './presence.ts'
import { publish } from './publish.ts'
import { refresh, refreshSubscription } from './refresh.ts'
import { rpc } from './rpc.ts'
import { subscribe } from './subscribe.ts'
import { unsubscribe } from './unsubscribe.ts'

/** Carries out one command of a client that has been let in. */
export function execute(client: Client, { name, request }: Command): Outcome | Promise<Outcome> {
  switch (name) {
    case 'connect':
      return closed(closeReasons.badRequest)
    case 'subscribe':
      return subscribe(client, request)
    case 'unsubscribe':
      return unsubscribe(client, request)
    case 'publish':
      return publish(client, request)
    case 'presence':
      return presence(client, request)
    case 'presence_stats':
      return presenceStats(client, request)
    case 'history':
      return history(client, request)
    case 'rpc':
      return rpc(client, request)
    case 'send':
      return silence
    case 'refresh':
      return refresh(client, request)
    case 'sub_refresh':
      return refreshSubscription(client, request)
    default:
      return name satisfies never
  }
}
