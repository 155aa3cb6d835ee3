import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseCookies, serializeCookie } from 'better-call'
import type { BetterAuth } from './better-auth.ts'
import type { Database } from './database.ts'
import { randomToken } from './random-token.ts'
import { addressKey } from './rate-limit.ts'

/** Where an attempt to sign in comes from. */
export interface SignInFrom {
  /** Null for the server itself. */
  readonly address: string | null
  /** The `Cookie` header of a browser. */
  readonly cookie: string | null
}

/**
 * From where people have signed in before: browsers, by a cookie of their own, and addresses. Whoever guesses from
 * elsewhere uses up nothing of theirs.
 */
export interface KnownDevices {
  /** What tells the browser or address from others, if this account was signed in to from there before. */
  of(email: string, from: SignInFrom): Promise<string | null>
  /** Remembers both; answers the `Set-Cookie` headers. */
  remember(person: { readonly id: string; readonly email: string }, from: SignInFrom): Promise<readonly string[]>
  /** The account was signed in to by somebody who should not have been: nothing is known any more but cookies. */
  forget(userId: string): Promise<void>
}

export interface KnownDevicesParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly secret: string
  readonly clock: () => number
}

/** How long an address is known after it was last signed in from, and how many of one account are. */
const addressDays = 90
const maxAddresses = 20

const cookieSeconds = 180 * 24 * 60 * 60

export function createKnownDevices({ database, betterAuth, secret, clock }: KnownDevicesParts): KnownDevices {
  const cookieOf = async () => (await betterAuth.$context).createAuthCookie('known_device', { maxAge: cookieSeconds })

  async function deviceOf(email: string, header: string | null): Promise<string | null> {
    if (header === null) return null
    const presented = parseCookies(header).get((await cookieOf()).name)
    const [id = '', given = ''] = presented?.split('.') ?? []
    const ours = signature(id, email)
    const sent = Buffer.from(given, 'base64url')
    return sent.length === ours.length && timingSafeEqual(sent, ours) ? id : null
  }

  /** For this account alone: who signs in to one of their own gets no further with another's. */
  function signature(id: string, email: string): Buffer {
    return createHmac('sha256', secret).update(`known device ${id} ${email.toLowerCase()}`).digest()
  }

  return {
    async of(email, { address, cookie }) {
      const device = await deviceOf(email, cookie)
      if (device !== null) return `device ${device}`
      if (address === null) return null
      const key = addressKey(address)
      const known = await database.get(
        `select 1 from known_addresses k join "user" u on u.id = k.user_id where u.email = ? and k.address = ? and k.used_at > ?`,
        email.toLowerCase(),
        key,
        new Date(clock() - addressDays * 24 * 60 * 60 * 1000).toISOString(),
      )
      return known === undefined ? null : `address ${key}`
    },
    async remember({ id, email }, { address, cookie }) {
      if (address !== null) {
        await database.run(
          `insert into known_addresses (user_id, address, used_at) values (?, ?, ?)
           on conflict (user_id, address) do update set used_at = excluded.used_at`,
          id,
          addressKey(address),
          new Date(clock()).toISOString(),
        )
        await database.run(
          `delete from known_addresses where user_id = ? and address not in
             (select address from known_addresses where user_id = ? order by used_at desc limit ${maxAddresses})`,
          id,
          id,
        )
      }
      const device = (await deviceOf(email, cookie)) ?? randomToken()
      const { name, attributes } = await cookieOf()
      const value = `${device}.${signature(device, email).toString('base64url')}`
      return [serializeCookie(name, value, attributes)]
    },
    async forget(userId) {
      await database.run('delete from known_addresses where user_id = ?', userId)
    },
  }
}
