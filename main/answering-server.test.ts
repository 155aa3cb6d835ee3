import { expect, test } from 'vitest'
import type { DesktopState, KioskState, LinkState } from '#protocol/ipc.ts'
import { answeringServer } from './answering-server.ts'

const server = 'http://box:8750'
const online: LinkState = { phase: 'online', since: 1 }
const offline: LinkState = { phase: 'offline', since: 1, code: 'server_unreachable', message: 'Nothing listens there.' }

const signedIn = (link: LinkState): DesktopState => ({
  phase: 'signed-in',
  server,
  account: { name: 'Ada', email: null, role: 'viewer' },
  storage: 'keychain',
  link,
  follows: [],
  gaps: [],
  refusals: [],
})
const enrolled = (link: LinkState): KioskState => ({
  phase: 'enrolled',
  server,
  device: { id: '1', name: 'lobby-1' },
  storage: 'keychain',
  link,
  screen: { kind: 'waiting' },
  tasks: [],
})
const enrolling: KioskState = {
  phase: 'enrolling',
  server,
  userCode: 'ABCD-EFGH',
  verificationUri: server,
  verificationUriComplete: server,
  expiresAt: 1,
  notice: null,
}

test.each([
  ['a desktop that is online', signedIn(online)],
  ['a kiosk that is online', enrolled(online)],
  ['a kiosk that has a code', enrolling],
])('%s has been answered', (_title, state) => {
  expect(answeringServer(state)).toBe(server)
})

test.each<[string, DesktopState | KioskState]>([
  ['a start', { phase: 'starting' }],
  ['an address in the sign-in form', { phase: 'signed-out', server, notice: null }],
  [
    'a server that cannot be reached',
    { phase: 'unreachable', server, since: 1, retryAt: 2, code: 'not_carillon', message: 'No Carillon answers there.' },
  ],
  ['a desktop that is offline', signedIn(offline)],
  ['a kiosk that is offline', enrolled(offline)],
])('%s has not', (_title, state) => {
  expect(answeringServer(state)).toBeNull()
})
