import type { Client } from './client.ts'
import type { ClientEvent, Ending, Verdict } from './hooks.ts'
import { failed, type Outcome } from './outcome.ts'

/** Tells the hooks of something that has happened to a client. */
export function tellConnected(client: Client): void {
  client.services.hooks.tell('connect', client.id, eventOf(client))
}

export function tellDisconnected(client: Client, { code, reason }: Ending): void {
  client.services.hooks.tell('disconnect', client.id, { ...eventOf(client), code, reason })
}

export function tellSubscribed(client: Client, channel: string): void {
  client.services.hooks.tell('subscribe', client.id, { ...eventOf(client), channel })
}

export function tellUnsubscribed(client: Client, channel: string, { code, reason }: Ending): void {
  client.services.hooks.tell('unsubscribe', client.id, { ...eventOf(client), channel, code, reason })
}

/** Whether a client that asks for it may subscribe, as far as hooks decide. */
export async function askToSubscribe(client: Client, channel: string, data: unknown): Promise<Verdict> {
  return client.services.hooks.ask('beforeSubscribe', { identity: client.identity, client: client.id, channel, data })
}

/** What a client is told that was not allowed something. */
export function refusalBy(verdict: Exclude<Verdict, { kind: 'allow' }>): Outcome {
  if (verdict.kind === 'failed') return failed('internal')
  if (verdict.code === 103) return failed('permissionDenied', verdict.message)
  return { kind: 'application_error', code: verdict.code, message: verdict.message }
}

function eventOf({ identity, id, transport, services }: Client): ClientEvent {
  return { identity, client: id, transport, time: services.clock() }
}
