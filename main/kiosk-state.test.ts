import { expect, test } from 'vitest'
import { beginKiosk, type Kiosk, type KioskEvent, step } from './kiosk-state.ts'

const server = 'http://box:8750'
const trouble = { type: 'unreachable', server, code: 'server_unreachable', message: 'Nothing listens.' } as const
const code = {
  type: 'code',
  server,
  userCode: 'ABCD-EFGH',
  verificationUri: `${server}/enrol`,
  verificationUriComplete: `${server}/enrol?code=ABCD-EFGH`,
  expiresAt: 9000,
} as const
const enrolled = {
  type: 'enrolled',
  server,
  device: { id: 'd1', name: 'lobby-1' },
  storage: 'keychain',
  link: { phase: 'connecting', since: 1 },
} as const
const message = (text: string) => ({ kind: 'message', message: text, receivedAt: 5 }) as const

test('an unreachable server is unreachable since the first time', () => {
  const kiosk = after({ ...trouble, at: 100, retryAt: 200 }, { ...trouble, at: 200, retryAt: 400 })
  expect(kiosk.view).toMatchObject({ phase: 'unreachable', since: 100, retryAt: 400 })
})

test('a code is shown until it is approved', () => {
  expect(after(code).view).toMatchObject({ phase: 'enrolling', userCode: 'ABCD-EFGH', notice: null })
  expect(after(code, enrolled).view).toMatchObject({ phase: 'enrolled', screen: { kind: 'waiting' } })
})

test('a notice stays with every code until the kiosk is enrolled', () => {
  const refused = after(code, { type: 'notice', message: 'Refused.' }, { ...code, userCode: 'WXYZ-1234' })
  expect(refused.view).toMatchObject({ userCode: 'WXYZ-1234', notice: 'Refused.' })
  const again = [enrolled, code].reduce<Kiosk>(step, refused)
  expect(again.view).toMatchObject({ phase: 'enrolling', notice: null })
})

test('a notice reaches the code that is on the screen', () => {
  expect(after(code, { type: 'notice', message: 'Refused.' }).view).toMatchObject({ notice: 'Refused.' })
})

test('without a keychain somebody must decide', () => {
  expect(after(code, { type: 'keychain-missing', message: 'Install one.' }).view).toEqual({
    phase: 'no-keychain',
    message: 'Install one.',
  })
})

test('the newest command is on the screen, whatever history says later', () => {
  const kiosk = after(
    enrolled,
    { type: 'show', screen: message('live') },
    { type: 'restore', screen: message('from history') },
  )
  expect(kiosk.view).toMatchObject({ screen: { message: 'live' } })
})

test('history brings back the screen of before a restart', () => {
  expect(after(enrolled, { type: 'restore', screen: message('before') }).view).toMatchObject({
    screen: { message: 'before' },
  })
})

test('the screen stays while the link comes and goes', () => {
  const kiosk = after(
    enrolled,
    { type: 'show', screen: message('live') },
    { type: 'link', link: { phase: 'offline', since: 3, code: 'connection_lost', message: 'Lost.' } },
  )
  expect(kiosk.view).toMatchObject({ screen: { message: 'live' }, link: { phase: 'offline', since: 3 } })
})

test('a rejected kiosk starts over, says why and forgets its screen', () => {
  const rejected = after(enrolled, { type: 'show', screen: message('live') }, { type: 'rejected', message: 'Removed.' })
  expect(rejected).toEqual({ view: { phase: 'starting' }, notice: 'Removed.', shown: false })
  expect(step(rejected, code).view).toMatchObject({ notice: 'Removed.' })
})

test('what belongs to an enrolled kiosk means nothing to another', () => {
  const enrolling = after(code)
  const events: KioskEvent[] = [
    { type: 'show', screen: message('x') },
    { type: 'link', link: { phase: 'online', since: 1 } },
    { type: 'renamed', device: { id: 'd', name: 'x' } },
  ]
  for (const event of events) expect(step(enrolling, event)).toBe(enrolling)
})

function after(...events: readonly KioskEvent[]): Kiosk {
  return events.reduce<Kiosk>(step, beginKiosk)
}
