import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import { launchChromium } from './chromium.ts'
import { type FakeStart, installFakeMain } from './fake-bridge.ts'
import { axeViolations, openPage, overflows, type Size, sizes, type Theme, takeScreenshot, themes } from './look.ts'
import { buildPages, type Pages } from './pages.ts'

const server = 'http://carillon.local:8750'
const now = Date.now()
const today = new Date(now).setHours(12, 4, 0, 0)
const enrolled = {
  phase: 'enrolled',
  server,
  device: { id: 'd1', name: 'lobby-1' },
  storage: 'keychain',
  link: { phase: 'online', since: today },
  screen: { kind: 'waiting' },
} as const satisfies KioskState
const enrolling = {
  phase: 'enrolling',
  server,
  userCode: 'WDJB-MJHT',
  verificationUri: `${server}/enrol`,
  verificationUriComplete: `${server}/enrol?code=WDJB-MJHT`,
  expiresAt: now + 14 * 60_000 + 31_000,
  notice: null,
} as const satisfies KioskState
const offline = {
  phase: 'offline',
  since: today,
  code: 'connection_lost',
  message: 'The connection to the server was lost.',
} as const

const sentences =
  'The north entrance is closed today because of work on the doors. Please use the entrance by the garden, where somebody will help you with the lift. '
const longMessage = sentences.repeat(20).slice(0, 2000)

function showing(message: string, title?: string): KioskState {
  const screen = { kind: 'message', message, receivedAt: today, ...(title === undefined ? {} : { title }) } as const
  return { ...enrolled, screen }
}

const views: Readonly<Record<string, KioskState>> = {
  starting: { phase: 'starting' },
  unreachable: {
    phase: 'unreachable',
    server,
    since: today,
    retryAt: now + 600_000,
    code: 'server_unreachable',
    message: 'Nothing answers at carillon.local on port 8750.',
  },
  'unreachable-not-carillon': {
    phase: 'unreachable',
    server: 'https://a-rather-long-host-name.department.example.org:8443/behind/a/proxy',
    since: today,
    retryAt: now + 600_000,
    code: 'not_carillon',
    message: 'The server at this address answers, but not as Carillon does.',
  },
  enrolling,
  'enrolling-notice': {
    ...enrolling,
    verificationUri: 'https://a-rather-long-host-name.department.example.org:8443/enrol',
    verificationUriComplete: 'https://a-rather-long-host-name.department.example.org:8443/enrol?code=WDJB-MJHT',
    notice: 'The last code was refused. Here is a new one.',
  },
  'no-keychain': {
    phase: 'no-keychain',
    message: 'No keyring answers on this machine. Install gnome-keyring and unlock it, then start the kiosk again.',
  },
  waiting: enrolled,
  'waiting-offline': { ...enrolled, storage: 'memory', link: offline },
  'waiting-connecting': { ...enrolled, link: { phase: 'connecting', since: now } },
  'message-word': showing('Welcome'),
  'message-short': showing('Doors open at nine', 'Lobby'),
  'message-lines': showing('Room 1: Ada\nRoom 2: Grace\nRoom 3: Barbara\nRoom 4: free', 'Today'),
  'message-middle': showing(sentences.repeat(2).trim(), 'North entrance closed'),
  'message-long': showing(
    longMessage,
    'A title that uses all that a title may have, to see whether there is still room for the message below it. Well, is it?',
  ),
  'message-long-word': showing('https://example.org/a/very/long/address/that/nobody/can/type?with=parameters&and=more'),
  'message-2000-letters': showing('W'.repeat(2000)),
  'message-many-lines': showing('a\n'.repeat(1000).slice(0, 2000)),
  'message-many-characters': showing('欢迎光临今天的会议在三楼大厅举行'.repeat(125)),
  'message-right-to-left': showing('الأبواب تفتح في التاسعة صباحا', 'القاعة'),
  'message-offline': { ...showing('Doors open at nine', 'Lobby'), link: offline } as KioskState,
  'message-long-offline': { ...showing(longMessage), link: offline } as KioskState,
}

let browser: Browser
let pages: Pages
beforeAll(async () => {
  pages = await buildPages('kiosk')
  browser = await launchChromium()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await pages?.[Symbol.asyncDispose]()
})

async function openKiosk(state: KioskState, theme: Theme = 'dark', size: Size = { width: 800, height: 480 }) {
  const watched = await openPage(browser, theme, size)
  const start: FakeStart = { kiosk: state }
  await watched.page.addInitScript(installFakeMain, start)
  await watched.page.goto(`${pages.url}/kiosk/index.html`)
  await watched.page.locator('main').waitFor()
  await watched.page.evaluate(() => document.fonts.ready)
  return watched
}

describe.each(themes)('in a %s room', (theme) => {
  describe.each(sizes)('on a screen of $width x $height', (size) => {
    test.each(Object.keys(views))('the kiosk view %s fits, follows the policy and passes axe', async (name) => {
      await using kiosk = await openKiosk(views[name] as KioskState, theme, size)
      await takeScreenshot(kiosk.page, `kiosk-${name}`, theme, size)
      expect(await overflows(kiosk.page)).toEqual([])
      expect(await axeViolations(kiosk.page)).toEqual([])
      expect(kiosk.faults).toEqual([])
    })
  })
})
