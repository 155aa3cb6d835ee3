import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { openRecords } from '#server/store/records.ts'
import { openStore } from '#server/store/store.ts'
import { postgresOfTest } from '#test/support/postgres-database.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import type { Auth } from './auth.ts'
import { type AuthOptions, createAuth } from './create-auth.ts'
import { openIdentityRecords } from './database.ts'
import type { Identity } from './identity.ts'
import type { Passwords } from './passwords.ts'

export const baseUrl = 'http://127.0.0.1:8750'
export const address = '192.0.2.7'
export const password = 'correct horse battery'
export const kiosk = { hostname: 'carillon-kiosk', version: '0.1.0', platform: 'linux arm64' }

/** Whoever is asking in tests that are not about that. */
export const operator: Identity = { kind: 'local', userId: 'local', name: 'Olga', role: 'admin' }

/** scrypt takes a quarter of a second; tests that are not about it use this. */
export const fastPasswords: Passwords = {
  hash: async (given) => `fast:${Buffer.from(given).toString('hex')}`,
  verify: async ({ hash, password: given }) => hash === `fast:${Buffer.from(given).toString('hex')}`,
}

/** A real `Auth` on a real file, with a clock that can be put forward and a log that can be read. */
export async function startAuth(
  options: Partial<Omit<AuthOptions, 'records' | 'ephemeral' | 'log' | 'clock'>> & { path?: string } = {},
) {
  const path = options.path ?? join(temporaryFolder(), 'carillon.sqlite')
  const store = await openStore({ path })
  let aheadMs = 0
  let logged = ''
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged += String(chunk)
      done()
    },
  })
  const given = { baseUrl, secret: 's'.repeat(43), passwords: fastPasswords, ...options }
  const clock = () => Date.now() + aheadMs
  const ephemeral = createMemoryEphemeral({ clock })
  const log = pino({ level: 'trace' }, sink)
  const records = await openRecords({ store, target: await postgresOfTest(path), log })
  const auth = await createAuth({ ...given, records, ephemeral, log, clock })
  return {
    auth,
    store,
    records,
    /** What the records say, whatever keeps them. */
    database: (await openIdentityRecords(records)).database,
    path,
    clock,
    logged: () => logged,
    forward(seconds: number) {
      aheadMs += seconds * 1000
    },
    async [Symbol.asyncDispose]() {
      await auth[Symbol.asyncDispose]()
      await records[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

export const ada = { email: 'ada@example.org', name: 'Ada', role: 'admin', password } as const

/** Ada, signed in with a bearer token. */
export async function signedIn(auth: Auth) {
  const user = await auth.users.create(ada)
  const { token } = await auth.signIn(ada.email, password, address)
  return { user, token, identity: await identityOf(auth, token) }
}

/** Somebody who stays when an administrator is disabled. */
export function anotherAdmin(auth: Auth) {
  return auth.users.create({ ...ada, email: 'grace@example.org', name: 'Grace' })
}

export async function identityOf(auth: Auth, token: string): Promise<Identity> {
  const found = await auth.identify(bearer(token))
  if (found === null) throw new Error('nobody')
  return found.identity
}

export const bearer = (token: string) => new Headers({ authorization: `Bearer ${token}` })

/** A kiosk that has been through the whole enrolment. */
export async function enrolled(auth: Auth, name = 'lobby-1', forward?: (seconds: number) => void) {
  const answer = await auth.enrolments.start(kiosk, address)
  await auth.enrolments.approve(answer.user_code, name, operator)
  forward?.(answer.interval)
  return auth.enrolments.redeem(answer.device_code)
}

/** Ada in a browser, which may have been signed in before: the cookies as it sends them back. */
export async function browserSignedIn(auth: Auth, earlier?: string): Promise<string> {
  const headers = new Headers(earlier === undefined ? {} : { cookie: earlier })
  return cookiesOf(await auth.signInBrowser(ada.email, password, address, { headers }))
}

/** What a browser sends to `/api/auth`. */
export function authRequest(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  return new Request(`${baseUrl}/api/auth${path}`, {
    method,
    headers: { origin: baseUrl, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** The cookies of an answer as the browser sends them back. */
export function cookiesOf(setCookies: readonly string[]): string {
  return setCookies.map((cookie) => cookie.split(';')[0]).join('; ')
}
