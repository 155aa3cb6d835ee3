import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeviceView, EnrolmentView } from '#protocol/api.ts'
import { launchChromium } from './chromium.ts'
import { ada, type FakeServer, startFakeServer } from './fake-server.ts'
import { axeViolations, openPage, type Size, sizes, type Theme, takeScreenshot, themes, type Watched } from './look.ts'
import { buildPages, type Pages } from './pages.ts'

const minute = 60_000
const now = Date.now()

function ago(ms: number): string {
  return new Date(now - ms).toISOString()
}
function device(name: string, online: boolean, seenAgo: number | null): DeviceView {
  return {
    id: `d-${name}`,
    name,
    hostname: `${name}.example.org`,
    version: '0.1.0',
    platform: 'linux arm64',
    address: '192.0.2.17',
    enrolledAt: ago(40 * 24 * 60 * minute),
    enrolledBy: 'Ada Lovelace',
    online,
    lastSeenAt: seenAgo === null ? null : ago(seenAgo),
  }
}
const devices = [
  device('lobby-1', true, 0),
  device('lobby-2', false, 7 * minute),
  device('canteen', true, 0),
  device('a-name-as-long-as-somebody-might-choose-for-the-third-floor', false, null),
  device('box-17', true, 0),
]
const enrolment: EnrolmentView = {
  userCode: 'WDJB-MJHT',
  hostname: 'Lobby-Pi.local',
  address: '192.0.2.23',
  version: '0.1.0',
  platform: 'linux arm64',
  requestedAt: ago(2 * minute),
  expiresAt: new Date(now + 30 * minute).toISOString(),
}
const history = [
  { message: 'Good morning' },
  { title: 'Doors', message: 'Doors open at nine. The north entrance stays closed.' },
  { build: 17, state: 'passed', seconds: 128, commit: 'a2ce910' },
]

interface View {
  readonly path: string
  readonly world?: (server: FakeServer) => void
  /** Brings the page into the state that is looked at. */
  readonly act: (watched: Watched, server: FakeServer) => Promise<unknown>
}

const heading =
  (name: string) =>
  ({ page }: Watched) =>
    page.getByRole('heading', { name, exact: true }).waitFor()

const views: Readonly<Record<string, View>> = {
  setup: {
    path: '/setup?token=right',
    world: ({ world }) => {
      world.setUp = false
      world.me = null
    },
    act: heading('Create the first administrator'),
  },
  'setup-errors': {
    path: '/setup?token=right',
    world: ({ world }) => {
      world.setUp = false
      world.me = null
    },
    act: async ({ page }) => {
      await page.getByLabel('Password', { exact: true }).fill('short')
      await page.getByRole('button', { name: 'Create administrator' }).click()
      await page.getByText('A password has at least 10 characters.').waitFor()
    },
  },
  'setup-used': { path: '/setup?token=old', act: heading('The set-up link is no longer valid') },
  'sign-in': {
    path: '/',
    world: ({ world }) => {
      world.me = null
    },
    act: heading('Sign in to the console'),
  },
  'sign-in-not-set-up': {
    path: '/',
    world: ({ world }) => {
      world.me = null
      world.setUp = false
    },
    act: ({ page }) => page.getByText('There is no administrator yet').waitFor(),
  },
  'sign-in-wrong': {
    path: '/',
    world: ({ world }) => {
      world.me = null
    },
    act: async ({ page, faults }) => {
      await page.getByLabel('E-mail').fill('ada@example.org')
      await page.getByLabel('Password', { exact: true }).fill('wrong')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('alert').waitFor()
      forgetStatus(faults, 401)
    },
  },
  unavailable: {
    path: '/',
    world: ({ world }) => {
      world.refusals.set('GET /api/v1/me', { code: 'unavailable', detail: 'The server is starting. Wait a moment.' })
    },
    act: ({ page }) => page.getByRole('alert').waitFor(),
  },
  'screens-none': { path: '/', act: heading('No screens yet') },
  screens: { path: '/', world: withDevices, act: heading('canteen') },
  'screens-viewer': {
    path: '/',
    world: (server) => {
      withDevices(server)
      server.world.me = { ...ada, name: 'Grace Hopper', role: 'viewer' }
    },
    act: heading('canteen'),
  },
  'screens-offline': {
    path: '/',
    world: (server) => {
      withDevices(server)
      server.world.reachable = false
    },
    act: ({ page }) => page.getByText('Offline since').waitFor(),
  },
  'screens-message': {
    path: '/',
    world: withDevices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Send a message to lobby-1' }).click()
      await page.getByRole('textbox', { name: 'Message' }).fill('Doors open at nine')
    },
  },
  'screens-message-refused': {
    path: '/',
    world: (server) => {
      withDevices(server)
      server.world.refusals.set('POST /api/publish', {
        code: 'unavailable',
        detail: 'The server is stopping. Try again.',
      })
    },
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Send a message to lobby-1' }).click()
      await page.getByRole('textbox', { name: 'Message' }).fill('x'.repeat(1204))
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.getByRole('alert').waitFor()
    },
  },
  'screens-menu': {
    path: '/',
    world: withDevices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'More for lobby-1' }).click()
      await page.getByRole('menuitem', { name: 'Remove' }).waitFor()
    },
  },
  'screens-remove': {
    path: '/',
    world: withDevices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'More for lobby-1' }).click()
      await page.getByRole('menuitem', { name: 'Remove' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  'screens-account': {
    path: '/',
    world: withDevices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Account: Ada Lovelace' }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
    },
  },
  enrol: { path: '/enrol', act: heading('Add a screen') },
  'enrol-asking': { path: '/enrol?code=wdjbmjht', world: withEnrolment, act: heading('Lobby-Pi.local') },
  'enrol-unknown': { path: '/enrol?code=WDJB-MJHT', act: ({ page }) => page.getByRole('alert').waitFor() },
  'enrol-name-taken': {
    path: '/enrol?code=WDJB-MJHT',
    world: (server) => {
      withEnrolment(server)
      const detail = 'There is a screen named lobby-pi-local already. Choose another name.'
      server.world.refusals.set('POST /api/v1/enrolments/approve', { code: 'already_exists', detail })
    },
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Approve' }).click()
      await page.getByText('Choose another name').waitFor()
    },
  },
  'enrol-approved': {
    path: '/enrol?code=WDJB-MJHT',
    world: withEnrolment,
    act: async (watched) => {
      await watched.page.getByLabel('Name of the screen').fill('lobby-2')
      await watched.page.getByRole('button', { name: 'Approve' }).click()
      await heading('lobby-2 is approved')(watched)
    },
  },
  'enrol-refused': {
    path: '/enrol?code=WDJB-MJHT',
    world: withEnrolment,
    act: async (watched) => {
      await watched.page.getByRole('button', { name: 'Refuse' }).click()
      await heading('Refused')(watched)
    },
  },
  'enrol-viewer': {
    path: '/enrol?code=WDJB-MJHT',
    world: ({ world }) => {
      world.me = { ...ada, role: 'viewer' }
    },
    act: heading('Add a screen'),
  },
  live: { path: '/live', act: heading('Choose a channel') },
  'live-nothing': { path: '/live?channel=news:general', act: heading('Nothing yet') },
  'live-channel': {
    path: '/live?channel=news:general',
    world: ({ world }) => {
      world.history.push(...history)
    },
    act: async ({ page }, server) => {
      await page.getByText('Good morning').waitFor()
      server.publish('news:general', { title: 'Lunch', message: 'Soup today' })
      await page.getByText('Soup today').waitFor()
    },
  },
  'live-offline': {
    path: '/live?channel=news:general',
    world: ({ world }) => {
      world.history.push(...history)
    },
    act: async ({ page, faults }, server) => {
      await page.getByText('Good morning').waitFor()
      server.world.reachable = false
      server.dropSockets()
      await page.getByText('Offline since').waitFor()
      faults.splice(0) // the browser itself reports sockets that do not open
    },
  },
  'live-publish': {
    path: '/live?channel=news:general',
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Publish' }).click()
      await page.getByRole('textbox', { name: 'Message' }).fill('Soup today')
    },
  },
  'live-publish-json': {
    path: '/live?channel=news:general',
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Publish' }).click()
      await page.getByText('JSON', { exact: true }).click()
      await page.getByRole('textbox', { name: 'JSON' }).fill('{"message": "Soup}')
      await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
      await page.getByText('This is not valid JSON').waitFor()
    },
  },
}

function withDevices({ world }: FakeServer): void {
  world.devices = [...devices]
}
function withEnrolment({ world }: FakeServer): void {
  world.enrolment = enrolment
}
/** The browser reports every refused request as an error; those a view is about are not faults of the page. */
function forgetStatus(faults: string[], status: number): void {
  const others = faults.filter((fault) => !fault.includes(`status of ${status}`))
  faults.splice(0, faults.length, ...others)
}

let browser: Browser
let pages: Pages
beforeAll(async () => {
  pages = await buildPages('console')
  browser = await launchChromium()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await pages?.[Symbol.asyncDispose]()
})

interface OpenedConsole extends AsyncDisposable {
  readonly server: FakeServer
  readonly watched: Watched
}

async function openConsole(
  path: string,
  given: { world?: (server: FakeServer) => void; theme?: Theme; size?: Size } = {},
): Promise<OpenedConsole> {
  const { world, theme = 'light', size = { width: 800, height: 480 } } = given
  const server = await startFakeServer(pages.folder)
  world?.(server)
  const watched = await openPage(browser, theme, size)
  await watched.page.goto(`${server.url}${path}`)
  return {
    server,
    watched,
    async [Symbol.asyncDispose]() {
      await watched[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe.each(themes)('in the %s theme', (theme) => {
  describe.each(sizes)('in a window of $width x $height', (size) => {
    test.each(Object.keys(views))('the console view %s follows the policy and passes axe', async (name) => {
      const { path, world, act } = views[name] as View
      await using opened = await openConsole(path, { theme, size, ...(world === undefined ? {} : { world }) })
      const { watched, server } = opened
      await act(watched, server)
      await takeScreenshot(watched.page, `console-${name}`, theme, size)
      expect(await axeViolations(watched.page)).toEqual([])
      expect(watched.faults.filter((fault) => !expectedFault(fault))).toEqual([])
    })
  })
})

/** What the browser says about answers and sockets that a view is about. */
function expectedFault(fault: string): boolean {
  return /Failed to load resource|WebSocket connection to/.test(fault)
}
