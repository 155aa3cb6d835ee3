import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DesktopState, FeedEvent } from '#protocol/ipc.ts'
import { launchChromium } from './chromium.ts'
import { type FakeStart, installFakeMain } from './fake-bridge.ts'
import { axeViolations, openPage, type Size, sizes, type Theme, takeScreenshot, themes, type Watched } from './look.ts'
import { buildPages, type Pages } from './pages.ts'

const server = 'https://carillon.example.org'
const noon = new Date().setHours(12, 4, 7, 0)
const signedOut = { phase: 'signed-out', server, notice: null } as const satisfies DesktopState
const signedIn = {
  phase: 'signed-in',
  server,
  account: { name: 'Ada Lovelace', email: 'ada@example.org', role: 'operator' },
  storage: 'keychain',
  link: { phase: 'online', since: noon },
  follows: ['news:general', 'news:build', 'commands:lobby-1'],
  gaps: [],
} as const satisfies DesktopState
const offline = {
  phase: 'offline',
  since: noon,
  code: 'connection_lost',
  message: 'The connection to the server was lost.',
} as const

function event(offset: number, data: unknown, channel = 'news:general', tags = {}): FeedEvent {
  return { channel, offset, data, tags, receivedAt: noon + offset * 11_000 }
}
const events: readonly FeedEvent[] = [
  event(1, 'Good morning'),
  event(2, { title: 'Doors', message: 'Doors open at nine. The north entrance stays closed.' }),
  event(3, { build: 17, state: 'passed', seconds: 128, commit: 'a2ce910' }, 'news:build', { branch: 'main' }),
  event(4, { show: { title: 'Lobby', message: 'Doors open at nine' } }, 'commands:lobby-1'),
  event(5, { show: null }, 'commands:lobby-1'),
  event(6, {
    message: 'Two lines:\nthis is the second, and it goes on for a while to see how long lines are broken. '.repeat(3),
  }),
]

interface View {
  readonly state: DesktopState
  readonly events?: readonly FeedEvent[]
  readonly act?: (watched: Watched) => Promise<void>
}

const views: Readonly<Record<string, View>> = {
  starting: { state: { phase: 'starting' } },
  'sign-in': { state: signedOut },
  'sign-in-notice': { state: { ...signedOut, notice: 'Your session has ended. Sign in again.' } },
  'sign-in-errors': {
    state: { ...signedOut, server: '' },
    act: ({ page }) => page.getByRole('button', { name: 'Sign in' }).click(),
  },
  'sign-in-no-keychain': {
    state: signedOut,
    act: async ({ page }) => {
      await page.evaluate(() =>
        window.fakeMain.answer('signIn', {
          ok: false,
          code: 'keychain_unavailable',
          message: 'No keyring answers on this computer. Install and unlock gnome-keyring, then sign in again.',
        }),
      )
      await page.getByLabel('E-mail').fill('ada@example.org')
      await page.getByLabel('Password', { exact: true }).fill('correct horse')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  empty: { state: signedIn },
  'follows-none': { state: { ...signedIn, follows: [] } },
  events: { state: signedIn, events },
  'events-raw': {
    state: signedIn,
    events,
    act: ({ page }) => page.getByText('Raw JSON').first().click(),
  },
  offline: { state: { ...signedIn, link: offline }, events },
  connecting: { state: { ...signedIn, link: { phase: 'connecting', since: noon } }, events },
  'memory-and-gaps': {
    state: {
      ...signedIn,
      storage: 'memory',
      gaps: [
        { channel: 'news:general', missed: 1204 },
        { channel: 'news:build', missed: null },
      ],
    },
    events,
  },
  'sign-out': {
    state: signedIn,
    events,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
}

let browser: Browser
let pages: Pages
beforeAll(async () => {
  pages = await buildPages('desktop')
  browser = await launchChromium()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await pages?.[Symbol.asyncDispose]()
})

async function openDesktop(
  state: DesktopState,
  given: { events?: readonly FeedEvent[]; theme?: Theme; size?: Size } = {},
): Promise<Watched> {
  const { events = [], theme = 'light', size = { width: 800, height: 480 } } = given
  const watched = await openPage(browser, theme, size)
  const start: FakeStart = { desktop: { state, events } }
  await watched.page.addInitScript(installFakeMain, start)
  await watched.page.goto(`${pages.url}/desktop/index.html`)
  await watched.page.locator('main').waitFor()
  if (events.length > 0) await watched.page.getByRole('list', { name: 'Events' }).waitFor()
  return watched
}

function calls(watched: Watched) {
  return watched.page.evaluate(() => window.fakeMain.calls)
}

describe.each(themes)('in the %s theme', (theme) => {
  describe.each(sizes)('in a window of $width x $height', (size) => {
    test.each(Object.keys(views))('the desktop view %s follows the policy and passes axe', async (name) => {
      const view = views[name] as View
      const { events } = view
      await using desktop = await openDesktop(view.state, { theme, size, ...(events === undefined ? {} : { events }) })
      await view.act?.(desktop)
      await takeScreenshot(desktop.page, `desktop-${name}`, theme, size)
      expect(await axeViolations(desktop.page)).toEqual([])
      expect(desktop.faults).toEqual([])
    })
  })
})
