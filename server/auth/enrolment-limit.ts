import { AuthError } from './auth-error.ts'
import type { Database } from './database.ts'
import { addressKey } from './rate-limit.ts'

export interface EnrolmentLimits {
  /** Codes waiting for a decision, in all. */
  readonly live: number
  /** Of these, asked for from one address; an IPv6 site is one. A site's kiosks often share one. */
  readonly livePerAddress: number
  /** Codes that one person looks at per minute. */
  readonly looksPerMinute: number
}

/** Throws `rate_limited` when as many screens wait for a decision as may, from this address or in all. */
export async function refuseTooMany(
  database: Database,
  limits: Pick<EnrolmentLimits, 'live' | 'livePerAddress'>,
  address: string,
  now: number,
): Promise<void> {
  const live = await database.all<Live>(
    `select address, expires_at from enrolments where state = 'pending' and expires_at > ? order by expires_at limit ?`,
    new Date(now).toISOString(),
    limits.live,
  )
  const own = addressKey(address)
  const here = live.filter((each) => addressKey(each.address) === own)
  const [first] = live.length >= limits.live ? live : here.length >= limits.livePerAddress ? here : []
  if (first === undefined) return
  const retryAfter = Math.max(1, Math.ceil((Date.parse(first.expires_at) - now) / 1000))
  const sentence = `Too many screens are waiting to be enrolled. Decide on the codes they show, or try again in ${retryAfter} seconds.`
  throw new AuthError('rate_limited', sentence, { retryAfter })
}

interface Live {
  readonly address: string
  readonly expires_at: string
}
