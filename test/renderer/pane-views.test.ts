import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import type { NetworkStep, PaneFacts, PaneState } from '#protocol/pane.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { type FakeStart, installFakeMain } from './fake-bridge.ts'
import { axeViolations, findInEveryLook, openPage, overflows, type Watched } from './look.ts'
import { noon } from './noon.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const server = 'https://carillon.example.org'
const now = Date.now()
const kiosk: KioskState = {
  phase: 'enrolled',
  server,
  device: { id: 'd1', name: 'lobby-1' },
  storage: 'file',
  link: { phase: 'online', since: noon },
  screen: { kind: 'waiting' },
  tasks: [],
}
const facts: PaneFacts = {
  name: 'lobby-1',
  hostname: 'carillon-3f9a2c',
  addresses: [
    { network: 'eth0', address: '192.0.2.17' },
    { network: 'wlan0', address: '2001:db8:85a3::8a2e:370:7334' },
  ],
  server,
  enrolment: 'enrolled',
  userCode: null,
  storage: 'file',
  link: { phase: 'online', since: noon },
  shell: {
    phase: 'showing',
    since: new Date(noon).toISOString(),
    url: 'https://signs.example.org/lobby?screen=1',
    fault: null,
    message: null,
    restarts: 1,
  },
  history: [
    { at: noon, phase: 'showing', fault: null, message: null },
    { at: noon - 4000, phase: 'loading', fault: null, message: null },
    {
      at: noon - 9000,
      phase: 'recovering',
      fault: 'renderer_gone',
      message: 'The page crashed. It is loaded again in 1 s.',
    },
  ],
  health: {
    ...{ at: new Date(noon).toISOString(), board: 'Raspberry Pi 3 Model B Rev 1.2', serial: '00000000a1b2c3d4' },
    ...{ temperature: 61.2, underVoltage: true, throttled: true, memoryTotal: 970e6, memoryAvailable: 412e6 },
    ...{ memoryPressure: 0.4, storageReadOnly: false, storageErrors: 0, displayOn: true, idle: 4, watchdog: 'held' },
    ...{ uptime: 264_000, profile: 'low', clockOffset: 0.3 },
  },
  versions: { Carillon: '0.1.0', Electron: '43.8.12', Chromium: '150.0.7871.47', Node: '24.9.0', Linux: '6.1.0-40' },
  startedAt: noon,
  restartWindow: '03:00-05:00',
  canReboot: true,
}
const locked: Extract<PaneState, { phase: 'locked' }> = {
  ...{ phase: 'locked', ways: ['pin', 'code'], advice: null, waitUntil: null, closesAt: null },
}
const open: PaneState = { phase: 'open', closesAt: null }
const steps: readonly NetworkStep[] = [
  { name: 'address', state: 'ok', result: 'eth0 192.0.2.17', advice: null },
  { name: 'dns', state: 'ok', result: 'carillon.example.org is 198.51.100.4.', advice: null },
  { name: 'tcp', state: 'ok', result: 'Port 443 answers after 12 ms.', advice: null },
  {
    name: 'tls',
    state: 'failed',
    result: 'The attempt ended with CERT_NOT_YET_VALID.',
    advice:
      'Check the clock of this machine, which says 1970-01-01T00:03Z. If it is right, the certificate has to be renewed.',
  },
  { name: 'carillon', state: 'skipped', result: 'Not tried: a step before it failed.', advice: null },
]
const places = [
  { id: 'usb:/media/STICK', kind: 'usb', path: '/media/STICK', free: 7_900_000_000 },
  { id: 'folder:/x', kind: 'folder', path: '/home/kiosk/.config/carillon-kiosk/support', free: 210_000_000 },
]
const bundleName = 'carillon-support-carillon-3f9a2c-2026-03-12T120400Z.json'
const logLines = Array.from(
  { length: 80 },
  (_, index) =>
    `[2026-03-12T12:04:${String(index % 60).padStart(2, '0')}.000Z] [info] received channel=commands:lobby-1 offset=${index}`,
)

describeWith(['chromium'], 'the local pane', () => {
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

  async function openPane(pane: PaneState, told: PaneFacts = facts): Promise<Watched> {
    const start: FakeStart = { kiosk, pane, facts: told }
    const watched = await openPage(browser, { prepare: (page) => page.addInitScript(installFakeMain, start) })
    await watched.page.goto(built.url)
    await watched.page.locator('main').waitFor()
    await watched.page.evaluate(
      ([bundlePlaces, lines]) => {
        window.fakeMain.answer('places', { ok: true, value: bundlePlaces })
        window.fakeMain.answer('log', { ok: true, value: lines })
      },
      [places, logLines] as const,
    )
    return watched
  }

  const go = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
  const lock = (state: Partial<typeof locked>) => async (): Promise<Watched> => openPane({ ...locked, ...state })
  const view =
    (name: string, more: (page: Page) => Promise<unknown> = async () => {}, told = facts, state = open) =>
    async (): Promise<Watched> => {
      const pane = await openPane(state, told)
      await go(pane.page, name)
      await more(pane.page)
      return pane
    }
  const tell = (found: readonly NetworkStep[]) => (page: Page) =>
    page.evaluate((all) => window.fakeMain.tellNetwork(all), found)
  const looks: Readonly<Record<string, () => Promise<Watched>>> = {
    'locked-pin': lock({}),
    'locked-code': lock({ ways: ['code'] }),
    'locked-digits': async () => {
      const pane = await openPane(locked)
      await pane.page.keyboard.type('482915')
      return pane
    },
    'locked-wait': lock({ waitUntil: now + 600_000, closesAt: now + 3_600_000 }),
    'locked-no-way': lock({
      ways: [],
      advice:
        'This screen has no PIN yet, and its server cannot be asked: Nothing listens at carillon.example.org. Check the address and that the server is running. Once it is online, an operator can give you a code.',
    }),
    overview: view('Overview'),
    'overview-closing': view('Overview', undefined, facts, { phase: 'open', closesAt: now + 3_600_000 }),
    'overview-offline': view('Overview', undefined, {
      ...facts,
      name: 'a-rather-long-name-of-a-screen-in-the-north-entrance-of-building-7',
      history: [],
      shell: null,
      link: {
        phase: 'offline',
        since: noon,
        code: 'server_unreachable',
        message: 'Nothing listens at carillon.example.org.',
      },
    }),
    health: view('Health'),
    'health-none': view('Health', undefined, { ...facts, health: null }),
    actions: view('Actions'),
    'actions-confirm': view('Actions', (page) => go(page, 'Restart the machine')),
    'actions-no-reboot': view('Actions', undefined, { ...facts, canReboot: false }),
    'test-pattern': view('Actions', (page) => go(page, 'Show the test pattern')),
    network: view('Network', tell(steps)),
    'network-none': view('Network'),
    server: view('Server'),
    'server-failed': view('Server', async (page) => {
      const message = `https://new.example.org answers, but this screen could not begin there within 30 s. It is back with ${server}.`
      await page.evaluate(
        (said) => window.fakeMain.answer('changeServer', { ok: false, code: 'x', message: said }),
        message,
      )
      await go(page, 'Change')
      await page.getByText('It is back with').waitFor()
    }),
    credential: view('Credential'),
    'credential-confirm': view('Credential', (page) => go(page, 'Forget the credential')),
    'credential-none': view('Credential', undefined, {
      ...{ ...facts, name: null, enrolment: 'enrolling', userCode: 'WDJB-MJHT', storage: null, link: null },
    }),
    log: view('Log', (page) => page.locator('.pane-log').waitFor()),
    export: view('Export', (page) => page.getByText('To the USB stick').waitFor()),
    'export-written': view('Export', async (page) => {
      const value = `${places[1]?.path}/${bundleName}`
      await page.evaluate((path) => window.fakeMain.answer('saveBundle', { ok: true, value: path }), value)
      await page.getByRole('button', { name: /To this machine/ }).click()
      await page.getByText(/^Written to /).waitFor()
    }),
  }

  test.each(Object.keys(looks))('shows "%s" without overflow, under the strict policy, clean for axe', async (name) => {
    const build = looks[name] as () => Promise<Watched>
    await using pane = await build()
    const wrong = await findInEveryLook(pane.page, `pane-${name}`, async (page) => [
      ...(await overflows(page)).filter((fault) => !mayScroll.test(fault)),
      ...(await axeViolations(page)),
      ...(await smallTargets(page)),
    ])
    expect([...wrong, ...pane.faults]).toEqual([])
  })

  test('nothing of the pane is there until main says that somebody asked for it, and nothing once it is closed', async () => {
    await using pane = await openPane({ phase: 'closed' })
    const { page } = pane
    await page.getByRole('region', { name: 'Waiting for messages' }).waitFor()
    await page.evaluate((state) => window.fakeMain.tellPane(state), locked)
    await page.getByRole('heading', { name: 'PIN of this screen' }).waitFor()
    expect(await page.getByRole('region', { name: 'Waiting for messages' }).count()).toBe(0)
    await page.evaluate(() => window.fakeMain.tellPane({ phase: 'closed' }))
    await page.getByRole('region', { name: 'Waiting for messages' }).waitFor()
  })

  test('takes the PIN by touch and by keyboard, shows none of it, and keeps none of it', async () => {
    await using pane = await openPane(locked)
    const { page } = pane
    for (const digit of ['4', '8', '2'])
      await page
        .getByRole('button', { name: digit, exact: true })
        .tap()
        .catch(() => page.getByRole('button', { name: digit, exact: true }).click())
    await page.keyboard.type('9x15')
    await expect.poll(() => page.locator('.pad-digits').textContent()).toBe('••••••')
    expect(await page.content()).not.toContain('482915')
    await page.getByRole('button', { name: 'OK', exact: true }).click()
    await expect.poll(() => calls(page, 'unlock')).toEqual([['pin', '482915']])
    expect(await page.locator('.pad-digits').textContent()).toBe('')
    await page.keyboard.type('123456')
    await page.keyboard.press('Backspace')
    await expect.poll(() => page.getByRole('button', { name: 'OK', exact: true }).isDisabled()).toBe(true)
    await page.locator('body').click({ position: { x: 300, y: 460 } })
    await page.keyboard.type('7')
    await page.keyboard.press('Enter')
    await expect.poll(() => calls(page, 'unlock')).toHaveLength(2)
    expect((await calls(page, 'unlock'))[1]).toEqual(['pin', '123457'])
  })

  test('says when the digits were wrong, and takes none while it has to wait', async () => {
    await using pane = await openPane(locked)
    const { page } = pane
    await page.evaluate(() =>
      window.fakeMain.answer('unlock', {
        ok: false,
        code: 'wrong_pin',
        message: 'That is not the PIN of this screen.',
      }),
    )
    await page.keyboard.type('000000')
    await page.keyboard.press('Enter')
    await page.getByText('That is not the PIN of this screen.').waitFor()
    await page.evaluate((state) => window.fakeMain.tellPane(state), { ...locked, waitUntil: Date.now() + 600_000 })
    await page.getByText(/The next one is free in (10:00|9:5\d)\./).waitFor()
    await page.keyboard.type('123456')
    expect(await page.locator('.pad-digits').textContent()).toBe('')
    expect(await page.getByRole('button', { name: '1', exact: true }).isDisabled()).toBe(true)
  })

  test('an operator’s code is eight digits, which may be read', async () => {
    await using pane = await openPane(locked)
    const { page } = pane
    await go(page, 'Use a code')
    await page.keyboard.type('123456789')
    await expect.poll(() => page.locator('.pad-digits').textContent()).toBe('12345678')
    await go(page, 'OK')
    expect(await calls(page, 'unlock')).toEqual([['code', '12345678']])
  })

  test('Escape and the button close it', async () => {
    await using pane = await openPane(locked)
    await pane.page.keyboard.press('Escape')
    await go(pane.page, 'Close')
    expect(await calls(pane.page, 'close')).toHaveLength(2)
  })

  test('the keyboard reaches everything in it and never leaves it', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await page.getByRole('button', { name: 'Overview' }).waitFor()
    const reached = new Set<string>()
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('Tab')
      const where = await page.evaluate(() => {
        const { activeElement } = document
        if (activeElement === document.body) return 'body'
        return activeElement?.closest('.pane') === null ? 'outside' : (activeElement?.textContent ?? '')
      })
      reached.add(where)
    }
    expect(reached).toContain('Close')
    expect(reached).toContain('Export')
    expect(reached).not.toContain('outside')
  })

  test('an address is typed with the keys on the screen', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await go(page, 'Server')
    await go(page, 'Clear')
    for (const key of ['https://', 'b', 'o', 'x', 'x']) await go(page, key)
    await go(page, 'Delete')
    await go(page, '.local')
    await page.evaluate(() => window.fakeMain.answer('changeServer', { ok: true, value: 'https://box.local' }))
    await go(page, 'Change')
    expect(await calls(page, 'changeServer')).toEqual([['https://box.local']])
    await page.getByText('This screen is with https://box.local now.').waitFor()
  })

  test('what cannot be taken back is asked once more', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await go(page, 'Credential')
    await go(page, 'Forget the credential')
    expect(await calls(page, 'forgetCredential')).toEqual([])
    await go(page, 'No, leave it')
    expect(await calls(page, 'forgetCredential')).toEqual([])
    await go(page, 'Forget the credential')
    await go(page, 'Yes, forget the credential')
    expect(await calls(page, 'forgetCredential')).toHaveLength(1)
    await page.getByText('The credential is forgotten, and the server has ended it.').waitFor()
    await page.evaluate(() => window.fakeMain.answer('forgetCredential', { ok: true, value: false }))
    await go(page, 'Forget the credential')
    await page.getByText('Its PIN is forgotten too.').waitFor()
    await go(page, 'Yes, forget the credential')
    await page.getByText('remove this screen in the console').waitFor()
  })

  test('a name that is read off the screen stands in one line', async () => {
    const build = looks['export-written'] as () => Promise<Watched>
    await using pane = await build()
    const name = pane.page.getByText(bundleName, { exact: true })
    const [height, line] = await name.evaluate((one) => [
      one.getBoundingClientRect().height,
      Number.parseFloat(getComputedStyle(one).lineHeight),
    ])
    expect(height).toBeLessThan((line ?? 0) * 1.5)
    expect(await pane.page.getByText(/^Written to /).textContent()).toBe(`Written to ${places[1]?.path}/${bundleName}`)
  })

  test('letters follow the size of the screen', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    const size = () => page.locator('.pane').evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize))
    const sizes: number[] = []
    for (const [width, height] of [
      [800, 480],
      [1920, 1080],
      [3840, 2160],
    ] as const) {
      await page.setViewportSize({ width, height })
      sizes.push(await size())
    }
    expect(sizes).toEqual([15, expect.closeTo(30, 0), 60])
  })

  test('the test pattern fills the screen to its edges and ends with a touch', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await go(page, 'Actions')
    await go(page, 'Show the test pattern')
    const pattern = page.getByRole('button', { name: /Test pattern/ })
    expect(await pattern.boundingBox()).toEqual({ x: 0, y: 0, width: 800, height: 480 })
    await pattern.click()
    await page.getByRole('button', { name: 'Show the test pattern' }).waitFor()
  })

  test('the network check tells each step as it ends', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await go(page, 'Network')
    await page.evaluate((all) => window.fakeMain.answer('checkNetwork', { ok: true, value: all }), steps)
    await go(page, 'Check the way to carillon.example.org')
    await tell(steps)(page)
    await page.getByText('Found what is wrong.').waitFor()
    await page.getByText('Check the clock of this machine').waitFor()
  })

  test('the log begins at its end, and pages without a swipe', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await go(page, 'Log')
    const box = page.getByRole('region', { name: 'The newest lines of the log' })
    const top = () => box.evaluate((element) => element.scrollTop)
    await expect.poll(top).toBeGreaterThan(100)
    const end = await top()
    await go(page, 'Up')
    await expect.poll(top).toBeLessThan(end - 100)
  })

  test('a bundle goes where somebody wants it, and the pane says where it is', async () => {
    await using pane = await openPane(open)
    const { page } = pane
    await page.evaluate(() => window.fakeMain.answer('saveBundle', { ok: true, value: '/media/STICK/bundle.json' }))
    await go(page, 'Export')
    await page.getByRole('button', { name: /To the USB stick/ }).click()
    await page.getByText('Written to /media/STICK/bundle.json').waitFor()
    expect(await calls(page, 'saveBundle')).toEqual([['usb:/media/STICK']])
  })
})

/** What is made to scroll, by its keys too. */
const mayScroll =
  /section\.pane-scroll is higher than its place|(dl|div|dt|dd|h2|ol|li|pre|time|p|span|strong|em)\.[\w -]* reaches out of the screen/

function calls(page: Page, wanted: string): Promise<readonly (readonly unknown[])[]> {
  return page.evaluate(
    (name) => window.fakeMain.calls.filter((call) => call.name === name).map(({ args }) => args),
    wanted,
  )
}

/** What a finger would miss. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.pane button, .pane input')].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect()
      return width >= 40 && height >= 40 ? [] : [`${element.textContent} is ${width} x ${height}`]
    }),
  )
}
