import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { CurrentIdentity } from './current-identity.ts'
import type { Identity } from './identity.ts'
import { randomToken } from './random-token.ts'

const lifetimeSeconds = 20

/** Tickets under way at a time. */
const maxTickets = 100_000

export interface TicketsParts {
  readonly currentIdentity: CurrentIdentity
  readonly clock: () => number
  readonly max?: number
}

/** One-time tickets, in memory: after a restart the sockets they were for come back with new ones. */
export function createTickets({ currentIdentity, clock, max = maxTickets }: TicketsParts): Auth['tickets'] {
  const tickets = new Map<string, { readonly identity: Identity; readonly expiresAt: number }>()

  /** All live equally long, so the map is in the order in which they expire. */
  function forgetExpired(now: number): void {
    for (const [ticket, { expiresAt }] of tickets) {
      if (expiresAt > now) return
      tickets.delete(ticket)
    }
  }

  return {
    async issue(identity) {
      const now = clock()
      forgetExpired(now)
      if (tickets.size >= max) {
        throw new AuthError('unavailable', 'Too many sockets are being opened at the moment. Try again in a second.', {
          retryAfter: 1,
        })
      }
      const ticket = randomToken('tkt_')
      tickets.set(ticket, { identity, expiresAt: now + lifetimeSeconds * 1000 })
      return { ticket, expiresIn: lifetimeSeconds }
    },
    async redeem(ticket) {
      const found = tickets.get(ticket)
      tickets.delete(ticket)
      return found !== undefined && found.expiresAt > clock() ? currentIdentity(found.identity) : null
    },
  }
}
