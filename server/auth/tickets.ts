import { z } from 'zod'
import { type Ephemeral, EphemeralError } from '#server/store/ephemeral.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { CurrentIdentity, Holder } from './current-identity.ts'
import type { Identity } from './identity.ts'
import { hashToken, randomToken } from './random-token.ts'
import type { RecentHolders } from './recent-holders.ts'

const lifetimeSeconds = 20

export interface TicketsParts {
  readonly currentIdentity: CurrentIdentity
  readonly ephemeral: Pick<Ephemeral, 'put' | 'take'>
  readonly holders: RecentHolders
}

/**
 * One-time tickets, good on every node. A ticket only says whom it was given to; who that is when it comes back is read
 * then, unless it is known to be the same. What keeps them decides alone whether it is good. After a restart the sockets
 * they were for come back with new ones.
 */
export function createTickets({ currentIdentity, ephemeral, holders }: TicketsParts): Auth['tickets'] {
  return {
    async issue(identity) {
      const ticket = randomToken('tkt_')
      const [key, holder] = [keyOf(ticket), holderOf(identity)]
      try {
        await ephemeral.put(key, JSON.stringify(holder), lifetimeSeconds * 1000)
      } catch (error) {
        throw unavailable(error)
      }
      await holders.remember(key, holder)
      return { ticket, expiresIn: lifetimeSeconds }
    },
    redeem(ticket) {
      const key = keyOf(ticket)
      const kept = ephemeral.take(key)
      if (!(kept instanceof Promise)) return holderNow(key, kept)
      return kept.then(
        (later) => holderNow(key, later),
        (error: unknown) => {
          throw unavailable(error)
        },
      )
    },
  }

  function holderNow(key: string, kept: string | null) {
    const known = holders.take(key)
    return kept === null ? null : (known ?? currentIdentity(holder.parse(JSON.parse(kept))))
  }
}

/** Who reads what is kept cannot open a socket with it. */
function keyOf(ticket: string): string {
  return `ticket:${hashToken(ticket)}`
}

const holder = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal(['user', 'device']), userId: z.string(), sessionId: z.string() }),
  z.object({ kind: z.literal('key'), userId: z.string(), keyId: z.string() }),
  z.object({ kind: z.literal('grant'), userId: z.string(), grantId: z.string() }),
  z.object({ kind: z.literal('local'), userId: z.literal('local'), name: z.string(), role: z.literal('admin') }),
]) satisfies z.ZodType<Holder>

/** Without names and addresses, which are the records' to know. */
function holderOf(identity: Identity): Holder {
  return holder.parse(identity)
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof EphemeralError)) return error
  const sentence =
    error.code === 'full'
      ? 'Too many sockets are being opened at the moment. Try again in a second.'
      : 'Tickets cannot be given or taken at the moment. Try again in a second.'
  return new AuthError('unavailable', sentence, { cause: error, retryAfter: 1 })
}
