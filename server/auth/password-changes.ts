import type { PasswordLink } from '#protocol/users.ts'
import type { Audit } from './audit.ts'
import { userParty } from './audit-party.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Confirm } from './confirm.ts'
import type { Credentials } from './credentials.ts'
import type { Database, Rows } from './database.ts'
import type { Identity } from './identity.ts'
import type { KnownDevices } from './known-devices.ts'
import type { Grants } from './oauth/grants.ts'
import { checkPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import { personOf } from './person-identity.ts'
import { hashToken, randomToken } from './random-token.ts'
import type { Revocation } from './revocation.ts'
import { wrongPassword } from './sign-in.ts'

/** Changing passwords, by those who know them and by links for those who do not. */
export interface PasswordChanges {
  /** All other sessions end. Throws `wrong_password`, `rate_limited`, `bad_request`, `forbidden`. */
  change(by: Identity, password: string, newPassword: string): Promise<void>
  /**
   * A link that sets the password, once, within a day: the server sends no mail, so it is handed over. The password stops
   * working and all sessions end at once. Throws `not_found`, and `forbidden` for one's own account.
   */
  startReset(userId: string, by: Identity): Promise<PasswordLink>
  /**
   * Another password instead of a link. One that is refused leaves everything as it was. Throws `bad_request`,
   * `not_found`, and `forbidden` for one's own account.
   */
  set(userId: string, password: string, by: Identity): Promise<void>
  /** The link for an account that has had no password yet. */
  createLink(userId: string): Promise<PasswordLink>
  /** Whom a link is for. Throws `reset_link_invalid`. */
  check(token: string): Promise<{ readonly email: string; readonly name: string }>
  /** Throws `reset_link_invalid`, `bad_request`. */
  reset(token: string, password: string): Promise<void>
}

export interface PasswordChangesParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly baseUrl: string
  readonly credentials: Credentials
  readonly passwords: Passwords
  readonly confirm: Confirm
  readonly knownDevices: KnownDevices
  readonly revocation: Revocation
  readonly grants: Pick<Grants, 'end'>
  readonly audit: Audit
  readonly clock: () => number
}

const lifetimeMs = 24 * 60 * 60 * 1000

export function createPasswordChanges(parts: PasswordChangesParts): PasswordChanges {
  const { database, betterAuth, credentials, passwords, confirm, knownDevices, audit, clock } = parts

  async function createLink(rows: Rows, userId: string): Promise<PasswordLink> {
    const token = randomToken()
    const expiresAt = new Date(clock() + lifetimeMs).toISOString()
    await rows.run(
      `insert into password_resets (user_id, token_hash, expires_at) values (?, ?, ?)
       on conflict (user_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
      userId,
      hashToken(token),
      expiresAt,
    )
    return { link: `${parts.baseUrl}/reset?token=${token}`, expiresAt }
  }

  async function holderOf(token: string): Promise<Holder> {
    const holder = await database.get<Holder>(
      `select u.id, u.name, u.email from password_resets r join "user" u on u.id = r.user_id
       where r.token_hash = ? and r.expires_at > ? and u.banned is not true`,
      hashToken(token),
      new Date(clock()).toISOString(),
    )
    if (holder === undefined) throw invalidLink()
    return holder
  }

  async function otherThan(by: Identity, userId: string): Promise<Holder> {
    if (by.userId === userId)
      throw new AuthError('forbidden', 'This is your own account. Change your password instead.')
    const user = await database.get<Holder>(
      `select id, name, email from "user" where id = ? and kind = 'person'`,
      userId,
    )
    if (user === undefined)
      throw new AuthError('not_found', 'There is no such user. List the users to see which there are.')
    return user
  }

  /** Whoever knew the password has nothing any more, also of what hangs on no session. */
  async function endEverything(userId: string): Promise<void> {
    await endSessions(userId, null)
    await knownDevices.forget(userId)
    parts.revocation.publish({ kind: 'user', userId })
  }

  async function endSessions(userId: string, except: string | null): Promise<void> {
    const { internalAdapter } = await betterAuth.$context
    const sessions = await database.all<{ id: string; token: string }>(
      'select id, token from session where "userId" = ?',
      userId,
    )
    for (const { id, token } of sessions) if (id !== except) await internalAdapter.deleteSession(token)
    // What services may do in their name is over as well.
    await parts.grants.end({ userId })
  }

  return {
    async change(by, password, newPassword) {
      const person = personOf(by)
      const checked = await confirm.password(person, password)
      if (newPassword === password) {
        throw new AuthError('bad_request', 'This is the password that you have. Choose another one.')
      }
      // Up to a tenth of a second of this thread: only for who knows the old one, which is counted.
      await checkPassword(newPassword, person)
      const hash = await passwords.hash(newPassword, { isKnown: true })
      await database.transaction(async (rows) => {
        // Once more: whoever was given a link meanwhile is not to find another's password behind it.
        if (!(await credentials.isStill(rows, checked))) throw wrongPassword()
        await credentials.set(rows, person.userId, hash, new Date(clock()))
        await rows.run('delete from password_resets where user_id = ?', person.userId)
      })
      await endSessions(person.userId, person.sessionId)
      await audit.record({ action: 'password_change', actor: by })
    },
    async startReset(userId, by) {
      const user = await otherThan(by, userId)
      const link = await database.transaction(async (rows) => {
        await credentials.set(rows, userId, null, new Date(clock()))
        return createLink(rows, userId)
      })
      await endEverything(userId)
      await audit.record({ action: 'password_reset_start', actor: by, target: userParty(user) })
      return link
    },
    async set(userId, password, by) {
      const user = await otherThan(by, userId)
      await checkPassword(password, user)
      const hash = await passwords.hash(password)
      await database.transaction(async (rows) => {
        await credentials.set(rows, userId, hash, new Date(clock()))
        await rows.run('delete from password_resets where user_id = ?', userId)
      })
      await endEverything(userId)
      await audit.record({ action: 'password_reset', actor: by, target: userParty(user) })
    },
    createLink: (userId) => createLink(database, userId),
    async check(token) {
      const { email, name } = await holderOf(token)
      return { email, name }
    },
    async reset(token, password) {
      const holder = await holderOf(token)
      await checkPassword(password, holder)
      const hash = await passwords.hash(password)
      await database.transaction(async (rows) => {
        // Once more: the link may have been used while the password was hashed.
        const used = await rows.run(
          'delete from password_resets where user_id = ? and token_hash = ?',
          holder.id,
          hashToken(token),
        )
        if (used !== 1) throw invalidLink()
        await credentials.set(rows, holder.id, hash, new Date(clock()))
      })
      await endSessions(holder.id, null)
      await audit.record({ action: 'password_reset', actor: userParty(holder) })
    },
  }
}

interface Holder {
  readonly id: string
  readonly name: string
  readonly email: string
}

function invalidLink(): AuthError {
  return new AuthError(
    'reset_link_invalid',
    'This link was used or is older than a day. Ask an administrator for another one.',
  )
}
