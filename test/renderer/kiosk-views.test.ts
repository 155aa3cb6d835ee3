import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import { type ShellView, stripHeight } from '#protocol/shell-view.ts'
import type { TaskView } from '#protocol/tasks.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { type FakeStart, installFakeMain } from './fake-bridge.ts'
import { axeViolations, findInEveryLook, openPage, overflows, type Watched } from './look.ts'
import { noon } from './noon.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const server = 'http://carillon.local:8750'
const now = Date.now()
const enrolled = {
  phase: 'enrolled',
  server,
  device: { id: 'd1', name: 'lobby-1' },
  storage: 'keychain',
  link: { phase: 'online', since: noon },
  screen: { kind: 'waiting' },
  tasks: [],
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
  since: noon,
  code: 'connection_lost',
  message: 'The connection to the server was lost.',
} as const

const sentences =
  'The north entrance is closed today because of work on the doors. Please use the entrance by the garden, where somebody will help you with the lift. '
const longMessage = sentences.repeat(20).slice(0, 2000)

function showing(message: string, title?: string): KioskState {
  const screen = { kind: 'message', message, receivedAt: noon, ...(title === undefined ? {} : { title }) } as const
  return { ...enrolled, screen }
}

function task(part: Partial<TaskView> = {}): TaskView {
  const at = new Date(noon).toISOString()
  return {
    ...{ id: '0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a51', name: 'reports.monthly', state: 'running', queue: 'celery' },
    ...{ owner: { id: 'd1', name: 'lobby-1' }, priority: 0, submittedAt: at, startAt: at, expiresAt: null },
    ...{ startedAt: at, endedAt: null, tries: 1, progress: null, note: null, worker: 'w', error: null, files: [] },
    ...{ isCancelling: false, ...part },
  }
}

const views: Readonly<Record<string, KioskState>> = {
  starting: { phase: 'starting' },
  unreachable: {
    phase: 'unreachable',
    server,
    since: noon,
    retryAt: now + 600_000,
    code: 'server_unreachable',
    message: 'Nothing answers at carillon.local on port 8750.',
  },
  'unreachable-not-carillon': {
    phase: 'unreachable',
    server: 'https://a-rather-long-host-name.department.example.org:8443/behind/a/proxy',
    since: noon,
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
  'waiting-task': { ...enrolled, tasks: [task({ progress: 0.43, note: 'Page 3 of 7' })] },
  'waiting-tasks': { ...enrolled, tasks: [task({ name: `reports.${'monthly_'.repeat(12)}` }), task(), task()] },
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

const url = 'https://signs.example.org/lobby/departures'
const page: KioskState = { ...enrolled, screen: { kind: 'page', url, receivedAt: noon } }

function shell(state: Partial<ShellView['state']>, part: Partial<ShellView> = {}): ShellView {
  return {
    state: {
      phase: 'showing',
      since: new Date(noon).toISOString(),
      url,
      fault: null,
      message: null,
      restarts: 0,
      ...state,
    },
    ...{
      seen: 'all',
      retryAt: null,
      savedAt: null,
      refusal: null,
      clock: null,
      notice: null,
      identifying: false,
      ...part,
    },
  }
}

const unavailable = {
  fault: 'load_failed',
  message:
    'The page could not be loaded. Nothing listens at its address. Check its address, its server and the network of this screen.',
} as const
const clock = "This machine's clock says 1970-01-01: secure pages fail until it is set."

const notice = 'kiosk.conf, line 12: "rotaton" is no setting. Did you mean "rotation"? (and 2 more)'

/** What is seen of our page while a page of somebody's is told, or something is said of this screen. */
const shellViews: Readonly<Record<string, readonly [KioskState, ShellView]>> = {
  'page-loading': [page, shell({ phase: 'loading' })],
  'page-recovering': [page, shell({ phase: 'recovering', ...unavailable }, { retryAt: now + 2000 })],
  'page-failed': [
    page,
    shell({ phase: 'failed', ...unavailable, url: `${url}/${'long/'.repeat(380)}` }, { retryAt: now + 90_000 }),
  ],
  'page-crash-loop': [
    page,
    shell(
      {
        phase: 'failed',
        fault: 'crash_loop',
        message:
          'The page fails again and again. The page crashed. Show another page, or repair this one and reload it.',
      },
      { retryAt: now + 90_000 },
    ),
  ],
  'page-refused': [
    page,
    shell(
      { phase: 'waiting', url: null },
      {
        refusal:
          'This screen may not show pages of https://signs.example.org. Allow the origin in its settings in the console, or start the kiosk with --allow.',
      },
    ),
  ],
  'page-cached': [page, shell({ phase: 'cached', ...unavailable }, { seen: 'strip', savedAt: noon })],
  'page-offline': [{ ...page, link: offline } as KioskState, shell({}, { seen: 'strip' })],
  'page-clock': [page, shell({}, { seen: 'strip', clock })],
  'page-clock-far': [
    page,
    shell(
      {},
      { seen: 'strip', clock: "This machine's clock is 56 years behind. Secure pages may fail until it is set." },
    ),
  ],
  'waiting-clock': [enrolled, shell({ phase: 'waiting', url: null }, { clock })],
  'unreachable-clock': [views.unreachable as KioskState, shell({ phase: 'waiting', url: null }, { clock })],
  'enrolling-conf': [enrolling, shell({ phase: 'waiting', url: null }, { notice })],
  'unreachable-conf': [views.unreachable as KioskState, shell({ phase: 'waiting', url: null }, { notice, clock })],
  'waiting-conf': [enrolled, shell({ phase: 'waiting', url: null }, { notice })],
  identify: [enrolled, shell({}, { identifying: true })],
  'identify-long': [
    { ...enrolled, device: { id: 'd1', name: 'second-floor-meeting-room-north-east-corner-display-2' } },
    shell({}, { identifying: true }),
  ],
}

describeWith(['chromium'], 'the kiosk window', () => {
  let browser: Browser
  let built: BuiltPage
  beforeAll(async () => {
    built = await buildPage('kiosk')
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.[Symbol.asyncDispose]()
  })

  async function openKiosk(state: KioskState, shell?: ShellView): Promise<Watched> {
    const start: FakeStart = { kiosk: state, ...(shell !== undefined && { shell }) }
    const watched = await openPage(browser, { prepare: (page) => page.addInitScript(installFakeMain, start) })
    await watched.page.goto(built.url)
    await watched.page.locator('main').waitFor()
    return watched
  }

  test.each(Object.keys(views))('shows "%s" without overflow, under the strict policy, clean for axe', async (name) => {
    await using kiosk = await openKiosk(views[name] as KioskState)
    const wrong = await findInEveryLook(kiosk.page, `kiosk-${name}`, async (page) => [
      ...(await overflows(page)),
      ...(await axeViolations(page)),
    ])
    expect([...wrong, ...kiosk.faults]).toEqual([])
  })

  test.each(Object.keys(shellViews))('shows "%s" without overflow and clean for axe', async (name) => {
    const [state, shell] = shellViews[name] ?? [enrolled, undefined]
    await using kiosk = await openKiosk(state, shell)
    const wrong = await findInEveryLook(kiosk.page, `kiosk-${name}`, async (page) => [
      ...(await overflows(page)),
      ...(await axeViolations(page)),
    ])
    expect([...wrong, ...kiosk.faults]).toEqual([])
  })

  test('its strip over a page is as high as main leaves room for', async () => {
    for (const name of ['page-cached', 'page-offline', 'page-clock-far']) {
      const [state, shell] = shellViews[name] ?? [enrolled, undefined]
      await using kiosk = await openKiosk(state, shell)
      for (const size of [
        { width: 800, height: 480 },
        { width: 1920, height: 1080 },
        { width: 1080, height: 1920 },
      ]) {
        await kiosk.page.setViewportSize(size)
        const box = await kiosk.page.locator('.offline').boundingBox()
        expect(Math.abs((box?.height ?? 0) - stripHeight(size.width, size.height))).toBeLessThanOrEqual(0.5)
      }
    }
  })

  test('goes from the code to the waiting screen and to each message by itself', async () => {
    await using kiosk = await openKiosk(enrolling)
    const { page } = kiosk
    const tell = (state: KioskState) => page.evaluate((told) => window.fakeMain.tellKiosk(told), state)
    await expect.poll(() => page.getByLabel('Enrolment code').textContent()).toBe('WDJB-MJHT')
    await tell(enrolled)
    await page.getByRole('region', { name: 'Waiting for messages' }).waitFor()
    await tell(showing('Doors open at nine'))
    await page.getByText('Doors open at nine').waitFor()
    await tell(showing('Doors close at six'))
    await page.getByText('Doors close at six').waitFor()
    expect(await page.getByText('Doors open at nine').count()).toBe(0)
  })

  test('keeps the message while it is offline, and says since when', async () => {
    await using kiosk = await openKiosk({ ...showing('Doors open at nine'), link: offline } as KioskState)
    expect(await kiosk.page.getByRole('status').textContent()).toMatch(
      /^Offline since \d\d:\d\d\. Showing the last message\.$/,
    )
    await kiosk.page.getByText('Doors open at nine').waitFor()
  })

  test('shows letters no smaller than the words need', async () => {
    await using kiosk = await openKiosk(showing('Welcome'))
    const size = () =>
      kiosk.page.locator('.message-text').evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize))
    const small = await size()
    expect(small).toBeGreaterThan(100)
    await kiosk.page.setViewportSize({ width: 1920, height: 1080 })
    await expect.poll(size).toBeGreaterThan(small * 1.9)
  })

  test('asks with the keyboard before it keeps its credential in memory, and says when that failed', async () => {
    await using kiosk = await openKiosk(views['no-keychain'] as KioskState)
    const { page } = kiosk
    await page.evaluate(() => window.fakeMain.answer('acceptMemory', { ok: false, code: 'x', message: 'Start again.' }))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toBe('Start again.')
    await page.getByRole('button', { name: 'Keep it in memory until this kiosk closes' }).press('Enter')
    expect(await page.evaluate(() => window.fakeMain.calls.map(({ name }) => name))).toEqual([
      'acceptMemory',
      'acceptMemory',
    ])
  })

  test('loads no Mantine and stays small', async () => {
    const files = await readdir(join(built.folder, 'assets'))
    const scripts = await Promise.all(
      files.filter((name) => name.endsWith('.js')).map((name) => readFile(join(built.folder, 'assets', name), 'utf8')),
    )
    expect(scripts.join('')).not.toMatch(/mantine/i)
    const styles = files.filter((name) => name.endsWith('.css')).map((name) => stat(join(built.folder, 'assets', name)))
    const bytes = (await Promise.all(styles)).reduce((sum, { size }) => sum + size, 0)
    expect(bytes).toBeLessThan(20_000)
  })
})
