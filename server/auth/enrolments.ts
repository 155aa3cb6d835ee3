import type { CredentialStorage } from '#protocol/devices.ts'
import type { Audit } from './audit.ts'
import type { Auth } from './auth.ts'
import { AuthError } from './auth-error.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Counters } from './counters.ts'
import type { Database, Rows } from './database.ts'
import { insertDevice } from './devices.ts'
import { type EnrolmentLimits, refuseTooMany } from './enrolment-limit.ts'
import type { Identity } from './identity.ts'
import { hashToken, randomToken } from './random-token.ts'
import { createRateLimit } from './rate-limit.ts'
import type { SessionLifetimes } from './session-lifetimes.ts'
import { signSessionToken } from './session-token.ts'
import { parseUserCode, randomUserCode, showUserCode } from './user-code.ts'

const lifetimeSeconds = 600
const firstIntervalSeconds = 2

/** What `slow_down` adds to the interval (RFC 8628, section 3.5). */
const slowDownSeconds = 5
const maxIntervalSeconds = 60

/** Timers are not exact and networks less so: a poll this much early is in time. */
const leniency = 0.8

export interface EnrolmentsParts {
  readonly database: Database
  readonly betterAuth: BetterAuth
  readonly baseUrl: string
  readonly secret: string
  readonly lifetimes: SessionLifetimes
  readonly limits: EnrolmentLimits
  readonly counters: Counters
  readonly audit: Audit
  readonly clock: () => number
}

/**
 * Enrolment by device code (RFC 8628), with codes of our own: a kiosk becomes an account of its own rather than a
 * session of whoever approved it, and looking at a code changes nothing.
 */
export function createEnrolments(parts: EnrolmentsParts): Auth['enrolments'] {
  const { database, clock, limits, audit } = parts
  const looks = createRateLimit('looks', limits.looksPerMinute, parts.counters)

  /** Refuses who may not look at codes, and counts the looks of who may. */
  async function countLook(by: Identity): Promise<void> {
    // The HTTP edge has looked at the role already, and at a key's scopes; a slip there must not make an enrolment.
    if (by.role !== 'admin' && by.role !== 'operator') {
      throw new AuthError('forbidden', 'Operators and administrators enrol devices. Ask one of them.')
    }
    const retryAfter = await looks.take(by.userId)
    if (retryAfter !== null) {
      const sentence = `You have tried too many codes. Try again in ${retryAfter} seconds.`
      throw new AuthError('rate_limited', sentence, { retryAfter })
    }
  }

  /** The enrolment with this code, still to be decided. */
  async function pending(rows: Rows, userCode: string): Promise<Row> {
    const code = parseUserCode(userCode)
    const row = code === null ? undefined : await rows.get<Row>('select * from enrolments where user_code = ?', code)
    if (row === undefined) {
      throw new AuthError('unknown_code', 'No screen shows this code. Compare it with the screen, letter by letter.')
    }
    if (row.state !== 'pending') {
      throw new AuthError('enrolment_decided', 'This code has been used. The screen shows a new one when it needs one.')
    }
    if (Date.parse(row.expires_at) <= clock()) {
      throw new AuthError('expired_code', 'This code has expired. Enter the one that the screen shows now.')
    }
    return row
  }

  return {
    async start(request, address) {
      const now = clock()
      await refuseTooMany(database, limits, address, now)
      const deviceCode = randomToken()
      const userCode = await insertEnrolment(database, {
        device_code_hash: hashToken(deviceCode),
        ...request,
        storage: request.storage ?? null,
        address,
        requested_at: new Date(now).toISOString(),
        expires_at: new Date(now + lifetimeSeconds * 1000).toISOString(),
      })
      const shown = showUserCode(userCode)
      return {
        device_code: deviceCode,
        user_code: shown,
        verification_uri: `${parts.baseUrl}/enrol`,
        verification_uri_complete: `${parts.baseUrl}/enrol?code=${shown}`,
        expires_in: lifetimeSeconds,
        interval: firstIntervalSeconds,
      }
    },

    async view(userCode, by) {
      await countLook(by)
      const row = await pending(database, userCode)
      return { userCode: showUserCode(row.user_code), ...requestOf(row) }
    },

    async approve(userCode, name, by) {
      await countLook(by)
      const { id, hostname, address } = await database.transaction(async (rows) => {
        const { hostname, version, platform, address, storage, device_code_hash } = await pending(rows, userCode)
        const enrolled = { enrolledBy: by, enrolledAt: new Date(clock()) }
        const id = await insertDevice(rows, { name, hostname, version, platform, address, storage, ...enrolled })
        await rows.run(
          `update enrolments set state = 'approved', device_id = ? where device_code_hash = ?`,
          id,
          device_code_hash,
        )
        return { id, hostname, address }
      })
      const target = { kind: 'device', id, name } as const
      await audit.record({ action: 'device_approve', actor: by, target, details: { hostname, screenAddress: address } })
      return { id, name }
    },

    async deny(userCode, by) {
      await countLook(by)
      const row = await database.transaction(async (rows) => {
        const found = await pending(rows, userCode)
        await rows.run(`update enrolments set state = 'denied' where device_code_hash = ?`, found.device_code_hash)
        return found
      })
      const target = { kind: 'device', id: idOf(row), name: row.hostname } as const
      await audit.record({ action: 'device_deny', actor: by, target, details: { screenAddress: row.address } })
    },

    async waiting() {
      const rows = await database.all<Row>(
        `select * from enrolments where state = 'pending' and expires_at > ? order by requested_at, device_code_hash limit ?`,
        new Date(clock()).toISOString(),
        limits.live,
      )
      return rows.map((row) => ({ id: idOf(row), ...requestOf(row) }))
    },

    async redeem(deviceCode) {
      const hash = hashToken(deviceCode)
      const row = await database.get<Row>('select * from enrolments where device_code_hash = ?', hash)
      const now = clock()
      if (row === undefined || row.state === 'redeemed' || Date.parse(row.expires_at) <= now) throw expired()
      if (row.state === 'denied') throw denied()
      await countPoll(database, row, now)
      if (row.state === 'pending') {
        const sentence = 'Nobody has approved the code yet. Ask again after the interval.'
        throw new AuthError('authorization_pending', sentence, { retryAfter: row.interval_seconds })
      }
      const device = await deviceOf(database, row.device_id)
      // Approved, and removed again before the kiosk came back.
      if (device === undefined) throw denied()
      return openSession(parts, hash, device)
    },
  }
}

type State = 'pending' | 'approved' | 'denied' | 'redeemed'

interface Row {
  readonly device_code_hash: string
  readonly user_code: string
  readonly state: State
  readonly hostname: string
  readonly version: string
  readonly platform: string
  readonly address: string
  readonly requested_at: string
  readonly expires_at: string
  readonly interval_seconds: number
  readonly polled_at: string | null
  readonly storage: CredentialStorage | null
  readonly device_id: string | null
}

/** What is shown of a request. */
function requestOf(row: Row) {
  return {
    hostname: row.hostname,
    address: row.address,
    version: row.version,
    platform: row.platform,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
  }
}

/** Tells requests apart without saying anything that opens one. */
function idOf({ device_code_hash }: Row): string {
  return hashToken(device_code_hash).slice(0, 16)
}

interface Device {
  readonly id: string
  readonly user_id: string
  readonly name: string
}

function expired(): AuthError {
  return new AuthError('expired_token', 'The code is not valid any more. Start again to show a new one.')
}

function denied(): AuthError {
  return new AuthError('access_denied', 'The enrolment was refused. Start again to show a new code.')
}

async function deviceOf(database: Database, id: string | null): Promise<Device | undefined> {
  return id === null ? undefined : await database.get<Device>('select id, user_id, name from devices where id = ?', id)
}

type NewEnrolment = Omit<Row, 'user_code' | 'state' | 'interval_seconds' | 'polled_at' | 'device_id'>

/** Answers the user code, which is not that of another enrolment in the table. */
async function insertEnrolment(database: Database, enrolment: NewEnrolment): Promise<string> {
  for (;;) {
    const userCode = randomUserCode()
    const inserted = await database.run(
      `insert into enrolments
         (device_code_hash, user_code, state, hostname, version, platform, address, requested_at, expires_at, interval_seconds, storage)
       values (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (user_code) do nothing`,
      enrolment.device_code_hash,
      userCode,
      enrolment.hostname,
      enrolment.version,
      enrolment.platform,
      enrolment.address,
      enrolment.requested_at,
      enrolment.expires_at,
      firstIntervalSeconds,
      enrolment.storage,
    )
    // One chance in a hundred million: take another code.
    if (inserted === 1) return userCode
  }
}

/** Throws `slow_down` for a poll that comes too early, and makes the interval longer. */
async function countPoll(database: Database, row: Row, now: number): Promise<void> {
  const due = row.polled_at === null ? 0 : Date.parse(row.polled_at) + row.interval_seconds * 1000 * leniency
  const early = now < due
  const interval = early ? Math.min(row.interval_seconds + slowDownSeconds, maxIntervalSeconds) : row.interval_seconds
  await database.run(
    'update enrolments set polled_at = ?, interval_seconds = ? where device_code_hash = ?',
    new Date(now).toISOString(),
    interval,
    row.device_code_hash,
  )
  if (!early) return
  throw new AuthError('slow_down', `Asking too often. Wait ${interval} seconds each time.`, { retryAfter: interval })
}

/**
 * The session first, then the code is used up: if the server stops in between, the kiosk asks again and gets another
 * session, instead of standing there approved and without one.
 */
async function openSession(parts: EnrolmentsParts, codeHash: string, device: Device) {
  const { database, betterAuth, secret, lifetimes, clock } = parts
  const { internalAdapter } = await betterAuth.$context
  const expiresAt = new Date(clock() + lifetimes.device.idleMs)
  const session = await internalAdapter.createSession(device.user_id, false, { expiresAt, kind: 'device' }, true)
  const won = await database.run(
    `update enrolments set state = 'redeemed' where device_code_hash = ? and state = 'approved'`,
    codeHash,
  )
  if (won !== 1) {
    await internalAdapter.deleteSession(session.token)
    throw expired()
  }
  return {
    token: signSessionToken(session.token, secret),
    expiresAt: expiresAt.toISOString(),
    device: { id: device.id, name: device.name },
  }
}
