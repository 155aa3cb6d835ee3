import type { Client } from './client.ts'
import type { Conversation } from './conversation.ts'
import type { PingSlot } from './ping.ts'

/**
 * Where a connection stands, and what exists only then. waiting: for the connect command. deciding: whether to let it
 * in; the rest of what it sent waits. joining: let in, and being subscribed to what the server decides before it is
 * told. open: without a conversation when the client has nothing to say. refused: the connect command was answered with
 * an error, and nothing else ever will be. closing: told to go, and cut when it does not.
 */
export type Phase =
  | { readonly name: 'waiting'; readonly stale: NodeJS.Timeout }
  | { readonly name: 'deciding'; readonly stale: NodeJS.Timeout; readonly backlog: string[] }
  | { readonly name: 'joining'; readonly stale: NodeJS.Timeout; readonly backlog: string[]; readonly client: Client }
  | {
      readonly name: 'open'
      readonly client: Client
      readonly pings: PingSlot
      readonly conversation: Conversation | null
    }
  | { readonly name: 'refused'; readonly grace: NodeJS.Timeout }
  | { readonly name: 'closing'; readonly grace: NodeJS.Timeout }
  | { readonly name: 'closed' }

/** What existed in the phase that is left ends with it, unless the next one goes on with it. */
export function leavePhase(phase: Phase, next: Phase['name']): void {
  switch (phase.name) {
    case 'waiting':
      if (next !== 'deciding') clearTimeout(phase.stale)
      break
    case 'deciding':
      if (next !== 'joining') clearTimeout(phase.stale)
      break
    case 'joining':
      clearTimeout(phase.stale)
      if (next !== 'open') phase.client.release()
      break
    case 'open':
      phase.pings.stop()
      phase.client.release()
      break
    case 'refused':
    case 'closing':
      clearTimeout(phase.grace)
      break
    case 'closed':
      break
    default:
      phase satisfies never
  }
}
