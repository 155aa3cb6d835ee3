import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { createOTP } from '@better-auth/utils/otp'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import type { Database, Rows } from './database.ts'

/**
 * The codes of authenticator apps (RFC 6238: SHA-1, six digits, half a minute, which every app knows) and back-up codes.
 * What is used is written down in one statement in the records that the accounts are in, so that no code is good twice,
 * on whatever node and whoever is faster.
 */
export interface FactorCodes {
  /** Whether an authenticator app is set up. */
  isOn(userId: string): Promise<boolean>
  backupCodesLeft(userId: string): Promise<number>
  /** A new secret that counts for nothing before `confirm`. */
  begin(user: {
    readonly id: string
    readonly email: string
  }): Promise<{ readonly uri: string; readonly secret: string }>
  /** A first code turns it on: answers the back-up codes. Null when the code is wrong or nothing has begun. */
  confirm(userId: string, code: string): Promise<readonly string[] | null>
  /** Whether the code is right, which uses it up. */
  use(userId: string, code: string): Promise<boolean>
  /** New back-up codes; the earlier ones are void. */
  renewBackupCodes(userId: string): Promise<readonly string[]>
  remove(userId: string): Promise<void>
}

export interface FactorCodesParts {
  readonly database: Database
  readonly secret: string
  readonly clock: () => number
}

const stepMs = 30_000

/** Half minutes around now whose code is accepted, for clocks that are not quite right. */
const tolerance = [0, -1, 1]

const backupCodeCount = 10

export function createFactorCodes({ database, secret: serverSecret, clock }: FactorCodesParts): FactorCodes {
  /** The half minute whose code this is, or null. */
  async function stepOf(row: Row, digits: string): Promise<number | null> {
    const secret = await symmetricDecrypt({ key: serverSecret, data: row.secret })
    const otp = createOTP(Buffer.from(secret, 'base64'))
    const now = Math.floor(clock() / stepMs)
    for (const step of tolerance.map((difference) => now + difference)) {
      if (timingSafeEqual(Buffer.from(await otp.hotp(step)), Buffer.from(digits))) return step
    }
    return null
  }

  /** Uses a step up; false for one that is not later than the one used last. */
  async function takeStep(rows: Rows, userId: string, step: number): Promise<boolean> {
    const taken = await rows.run(
      'update totp set used_step = ? where user_id = ? and (used_step is null or used_step < ?)',
      step,
      userId,
      step,
    )
    return taken === 1
  }

  async function replaceBackupCodes(rows: Rows, userId: string, codes: readonly string[]): Promise<void> {
    await rows.run('delete from backup_codes where user_id = ?', userId)
    for (const code of codes) {
      await rows.run('insert into backup_codes (user_id, code_hash) values (?, ?)', userId, hashOf(userId, code))
    }
  }

  /** With the server's secret, so that a copy of the records does not tell them. */
  function hashOf(userId: string, code: string): string {
    return createHmac('sha256', serverSecret)
      .update(`back-up code ${userId} ${normal(code)}`)
      .digest('base64url')
  }

  const rowOf = (userId: string) => database.get<Row>('select secret, confirmed_at from totp where user_id = ?', userId)

  return {
    isOn: async (userId) => ((await rowOf(userId))?.confirmed_at ?? null) !== null,
    async backupCodesLeft(userId) {
      return (await database.all('select 1 from backup_codes where user_id = ?', userId)).length
    },
    async begin({ id, email }) {
      // As long as the hash, as RFC 4226 has it.
      const secret = randomBytes(20)
      await database.run(
        `insert into totp (user_id, secret, created_at) values (?, ?, ?)
         on conflict (user_id) do update set secret = excluded.secret, created_at = excluded.created_at, used_step = null
         where totp.confirmed_at is null`,
        id,
        await symmetricEncrypt({ key: serverSecret, data: secret.toString('base64') }),
        new Date(clock()).toISOString(),
      )
      const uri = createOTP(secret).url('Carillon', email)
      return { uri, secret: new URL(uri).searchParams.get('secret') ?? '' }
    },
    async confirm(userId, code) {
      const row = await rowOf(userId)
      const digits = normal(code)
      const step =
        row !== undefined && row.confirmed_at === null && kindOfCode(digits) === 'app'
          ? await stepOf(row, digits)
          : null
      if (row === undefined || step === null) return null
      const codes = newBackupCodes()
      return database.transaction(async (rows) => {
        const confirmed = await rows.run(
          'update totp set confirmed_at = ?, used_step = ? where user_id = ? and secret = ? and confirmed_at is null',
          new Date(clock()).toISOString(),
          step,
          userId,
          row.secret,
        )
        if (confirmed !== 1) return null
        await replaceBackupCodes(rows, userId, codes)
        return codes
      })
    },
    async use(userId, code) {
      const given = normal(code)
      if (kindOfCode(given) === 'backup') {
        const hash = hashOf(userId, given)
        return (await database.run('delete from backup_codes where user_id = ? and code_hash = ?', userId, hash)) === 1
      }
      const row = await rowOf(userId)
      const step = row !== undefined && row.confirmed_at !== null ? await stepOf(row, given) : null
      return step !== null && (await takeStep(database, userId, step))
    },
    async renewBackupCodes(userId) {
      const codes = newBackupCodes()
      await database.transaction((rows) => replaceBackupCodes(rows, userId, codes))
      return codes
    },
    async remove(userId) {
      await database.transaction(async (rows) => {
        await rows.run('delete from totp where user_id = ?', userId)
        await rows.run('delete from backup_codes where user_id = ?', userId)
      })
    },
  }
}

interface Row {
  readonly secret: string
  readonly confirmed_at: string | null
}

/** Spaces and dashes do not matter, nor does case. */
function normal(code: string): string {
  return code.replaceAll(/[\s-]/g, '').toLowerCase()
}

export type CodeKind = 'app' | 'backup'

/** Apps show six digits. */
export function kindOfCode(code: string): CodeKind {
  return /^\d{6}$/.test(normal(code)) ? 'app' : 'backup'
}

/** Letters and digits that are not taken for one another: of ten, some 49 bits. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

function newBackupCodes(): readonly string[] {
  const letters = (count: number) => Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('')
  return Array.from({ length: backupCodeCount }, () => `${letters(5)}-${letters(5)}`)
}
