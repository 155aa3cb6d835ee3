import type { ServerResponse } from 'node:http'
import type { GrantView, SecondFactorView, SessionView } from '#protocol/account.ts'
import type { Me } from '#protocol/api.ts'
import type { KeyView } from '#protocol/keys.ts'
import type { ConsentView, DeviceGrantView } from '#protocol/oauth.ts'
import { send, sendProblem } from './fake-answers.ts'

/** What the fake server knows of whoever is signed in. */
export interface FakeAccount {
  /** Whether signing in needs the code 123456, or the back-up code k3v9-q2xd, as well. */
  needsCode: boolean
  /** Whether its own passkeys are known. */
  knowsPasskeys: boolean
  factor: SecondFactorView
  sessions: SessionView[]
  keys: KeyView[]
  grants: GrantView[]
  /** What a service asks for whose query is signed `right`. */
  consent: ConsentView
  /** What stands behind the code WDJB-MJHT. */
  deviceGrant: DeviceGrantView | null
}

export const backupCodes = Array.from({ length: 10 }, (_, index) => `k3v${index}-q2xd`)

export function createAccount(): FakeAccount {
  return {
    needsCode: false,
    knowsPasskeys: true,
    factor: { totp: false, backupCodesLeft: 0, passkeys: [], required: false, requiredFrom: null },
    sessions: [],
    keys: [],
    grants: [],
    consent: {
      client: { id: 'rota', name: 'Duty rota', redirectHost: 'rota.example.org' },
      scopes: [
        { name: 'openid', meaning: 'Know that it is you' },
        { name: 'email', meaning: 'See your e-mail address' },
        { name: 'publish', meaning: 'Publish where you may' },
        { name: 'offline_access', meaning: 'Do this while you are away, until you end it' },
      ],
    },
    deviceGrant: null,
  }
}

type Route = (
  world: { me: Me | null; readonly person: Me; readonly account: FakeAccount },
  response: ServerResponse,
  body: unknown,
  query: URLSearchParams,
  /** The last part of the path. */
  id: string,
) => void

const signIn: Route = (world, response, body) => {
  const { password, code } = body as { password: string; code?: string }
  if (password !== 'correct horse') {
    sendProblem(response, 'wrong_credentials', 'Wrong e-mail or password. Check both and try again.')
  } else if (world.account.needsCode && code === undefined) {
    sendProblem(response, 'code_required', 'Send the code of your authenticator app as well.')
  } else if (world.account.needsCode && code !== '123456' && code !== 'k3v9-q2xd') {
    sendProblem(response, 'wrong_code', 'The code is wrong or has been used. Wait for the next one and try again.')
  } else {
    world.me = world.person
    send(response, 204, null)
  }
}

/** Whether the password is right; answers the request itself when it is not. */
function knows(response: ServerResponse, body: unknown): boolean {
  const right = (body as { password: string }).password === 'correct horse'
  if (!right) sendProblem(response, 'wrong_password', 'This is not your password. Try again.')
  return right
}

export const accountRoutes: Readonly<Record<string, Route>> = {
  'POST /api/v1/sign-in': signIn,
  'GET /api/v1/sessions': ({ account }, response) => send(response, 200, { items: account.sessions, next: null }),
  'DELETE /api/v1/sessions/{id}': ({ account }, response, _body, _query, id) => {
    account.sessions = account.sessions.filter((session) => session.id !== id)
    send(response, 204, null)
  },
  'POST /api/v1/sessions/end': ({ account }, response, body) => {
    const { which } = body as { which: 'others' | 'programs' }
    const stays = ({ current, kind }: SessionView) => (which === 'others' ? current : kind !== 'program')
    const ended = account.sessions.filter((session) => !stays(session)).length
    account.sessions = account.sessions.filter(stays)
    send(response, 200, { ended })
  },
  'POST /api/v1/me/password': (_world, response, body) => {
    if (knows(response, body)) send(response, 204, null)
  },
  'GET /api/v1/me/second-factor': ({ account }, response) => send(response, 200, account.factor),
  'POST /api/v1/me/totp': (_world, response, body) => {
    if (!knows(response, body)) return
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    const uri = `otpauth://totp/Carillon:ada%40example.org?secret=${secret}&issuer=Carillon&digits=6&period=30`
    send(response, 200, { uri, secret })
  },
  'POST /api/v1/me/totp/verify': ({ account }, response, body) => {
    if ((body as { code: string }).code !== '123456') {
      sendProblem(response, 'wrong_code', 'The code is wrong. Check the clock of your phone, and enter the next code.')
      return
    }
    account.factor = { ...account.factor, totp: true, backupCodesLeft: 10, requiredFrom: null }
    send(response, 200, { backupCodes })
  },
  'POST /api/v1/me/totp/disable': ({ account }, response, body) => {
    if (!knows(response, body)) return
    account.factor = { ...account.factor, totp: false, backupCodesLeft: 0 }
    send(response, 204, null)
  },
  'POST /api/v1/me/backup-codes': ({ account }, response, body) => {
    if (!knows(response, body)) return
    account.factor = { ...account.factor, backupCodesLeft: 10 }
    send(response, 200, { backupCodes: backupCodes.map((code) => code.replace('k3v', 'm7p')) })
  },
  'GET /api/v1/password-resets': (_world, response, _body, query) =>
    query.get('token') === 'right'
      ? send(response, 200, { email: 'ada@example.org', name: 'Ada Lovelace' })
      : sendProblem(response, 'reset_link_invalid', 'This link has been used, replaced, or is older than a day.'),
  'POST /api/v1/password-resets': (_world, response) => send(response, 204, null),
  'GET /api/v1/keys': ({ account }, response) => send(response, 200, { items: account.keys, next: null }),
  'POST /api/v1/keys': ({ account, person }, response, body) => {
    const { name, scopes, expiresAt = null } = body as Pick<KeyView, 'name' | 'scopes'> & { expiresAt?: string }
    const owner = { id: person.id, name: person.name }
    const times = { createdAt: new Date().toISOString(), lastUsedAt: null, expiresAt }
    const key: KeyView = { id: `k-${name}`, name, start: 'crl_9f', scopes, owner, ...times }
    account.keys.push(key)
    send(response, 201, { ...key, key: 'crl_9f3kq8m1xv7c2hj5wz4bt6ns0pd8rg1y' })
  },
  'DELETE /api/v1/keys/{id}': ({ account }, response, _body, _query, id) => {
    account.keys = account.keys.filter((key) => key.id !== id)
    send(response, 204, null)
  },
  'GET /api/v1/me/grants': ({ account }, response) => send(response, 200, { items: account.grants, next: null }),
  'DELETE /api/v1/me/grants/{id}': ({ account }, response, _body, _query, id) => {
    account.grants = account.grants.filter((grant) => grant.clientId !== id)
    send(response, 204, null)
  },
  'GET /api/auth/passkey/generate-authenticate-options': (_world, response) =>
    send(response, 200, { challenge: 'AAAAAAAAAAAAAAAAAAAAAA', rpId: 'localhost', userVerification: 'preferred' }),
  'POST /api/auth/passkey/verify-authentication': (world, response) => {
    if (!world.account.knowsPasskeys) {
      sendProblem(response, 'wrong_credentials', 'The passkey was not accepted.')
      return
    }
    world.me = world.person
    send(response, 200, { session: {} })
  },
  'GET /api/auth/passkey/generate-register-options': (_world, response, _body, query) =>
    send(response, 200, {
      challenge: 'AAAAAAAAAAAAAAAAAAAAAA',
      rp: { name: 'Carillon', id: 'localhost' },
      user: { id: 'YWRh', name: query.get('name') ?? 'Ada', displayName: 'Ada Lovelace' },
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
    }),
  'POST /api/auth/passkey/verify-registration': ({ account }, response, body) => {
    const { name } = body as { name: string }
    const passkey = { id: `p-${name}`, name, createdAt: new Date().toISOString(), lastUsedAt: null }
    account.factor = { ...account.factor, passkeys: [...account.factor.passkeys, passkey], requiredFrom: null }
    send(response, 200, passkey)
  },
  'DELETE /api/v1/me/passkeys/{id}': ({ account }, response, _body, _query, id) => {
    account.factor = { ...account.factor, passkeys: account.factor.passkeys.filter((passkey) => passkey.id !== id) }
    send(response, 204, null)
  },
  'GET /api/v1/oauth/consent': ({ account }, response, _body, query) =>
    query.get('sig') === 'right'
      ? send(response, 200, account.consent)
      : sendProblem(response, 'bad_request', 'This request was changed on its way or is too old.'),
  'POST /api/v1/oauth/consent': (_world, response, body) => {
    const { accept } = body as { accept: boolean }
    send(response, 200, { url: accept ? '/arrived?code=1' : '/arrived?error=access_denied' })
  },
  'GET /api/v1/oauth/device': ({ account }, response) =>
    account.deviceGrant === null
      ? sendProblem(response, 'unknown_code', 'Nothing asks with this code. Compare it and enter it again.')
      : send(response, 200, account.deviceGrant),
  'POST /api/v1/oauth/device': (_world, response) => send(response, 204, null),
}
