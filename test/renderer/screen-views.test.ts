import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DeviceHealth, ShellState } from '#protocol/device-report.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { fakeCommand } from './fake-screens.ts'
import { ada, type FakeServer } from './fake-server.ts'
import type { Watched } from './look.ts'
import { asked, faultsInEveryLook, heading, type OpenedConsole, openConsole } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute
const at = (ms: number) => new Date(Date.now() + ms).toISOString()
const page = 'https://signs.example.org/floors/3/lobby?layout=two-columns&language=en'

const shell: ShellState = {
  ...{ phase: 'showing', since: at(-5 * minute), url: page, fault: null, message: null, restarts: 0 },
}
const health: DeviceHealth = {
  ...{ at: at(-20 * second), board: 'Raspberry Pi 3 Model B Rev 1.2', serial: '00000000a1b2c3d4', temperature: 58.4 },
  ...{ underVoltage: false, throttled: false, memoryTotal: 9.05e8, memoryAvailable: 4.12e8, memoryPressure: 2.4 },
  ...{
    storageReadOnly: false,
    storageErrors: 0,
    displayOn: true,
    idle: null,
    watchdog: 'armed',
    uptime: 12.4 * 86_400,
  },
  ...{ profile: 'low', clockOffset: 0.2 },
}
const lobby: DeviceView = {
  ...{ id: 'd-lobby-1', name: 'lobby-1', hostname: 'carillon-lobby', version: '0.1.0', platform: 'linux arm64' },
  ...{ address: '192.0.2.17', enrolledAt: at(-40 * day), enrolledBy: 'Ada Lovelace', online: true, lastSeenAt: at(0) },
  ...{ storage: 'file', credentialSince: at(-3 * day), rotating: false, pin: true },
  status: { shell, health, reportedAt: at(-20 * second) },
}
const withFault = (change: Partial<ShellState>, sick: Partial<DeviceHealth> = {}): DeviceView => ({
  ...lobby,
  status: { shell: { ...shell, ...change }, health: { ...health, ...sick }, reportedAt: at(-2 * second) },
})
const failed = withFault(
  {
    ...{ phase: 'failed', fault: 'crash_loop', restarts: 5 },
    message: 'The page ended five times within ten minutes. Look at the page in a browser, then reload.',
  },
  { temperature: 83.2, underVoltage: true, throttled: true, memoryPressure: 41, storageErrors: 3, clockOffset: -7300 },
)
const refused = 'The origin https://elsewhere.example.com is not allowed here. Add it to kiosk.allowed_origins.'
const commands = [
  fakeCommand(10 * second, { command: 'identify', args: { seconds: 15 } }),
  fakeCommand(2 * minute, { command: 'screenshot', state: 'done', message: 'Taken.', screenshot: true }),
  fakeCommand(3 * minute, { command: 'diagnostics', state: 'done', value: { version: '0.1.0', pages: 3 } }),
  fakeCommand(4 * minute, {
    ...{ command: 'show', args: { url: 'https://elsewhere.example.com/' }, state: 'refused' },
    ...{ code: 'origin_not_allowed', message: refused },
  }),
  fakeCommand(60 * minute, { command: 'display', args: { on: false }, state: 'no_answer', sentBy: 'Grace Hopper' }),
  fakeCommand(61 * minute, { command: 'reboot', state: 'expired', code: 'expired', message: 'It came too late.' }),
  fakeCommand(3 * day, { command: 'show', args: { message: 'Doors open at nine.' }, state: 'done' }),
]

interface View {
  readonly path?: string
  readonly world: (server: FakeServer) => void
  readonly act: (opened: OpenedConsole) => Promise<unknown>
}

const dialogs = (name: string) => async (opened: Watched) => opened.page.getByRole('dialog', { name }).waitFor()
const loaded = async ({ page: shown }: Watched) => {
  const picture = shown.getByRole('img', { name: /What lobby-1 showed/ })
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
}

const views: Readonly<Record<string, View>> = {
  screen: { world: withScreen(lobby), act: loaded },
  'screen-failed': {
    world: withScreen(failed),
    act: ({ page: shown }) => shown.getByText('again and again').waitFor(),
  },
  'screen-new': {
    world: ({ world }) => {
      world.devices = [{ ...lobby, status: null, pin: false, online: false, lastSeenAt: at(-7 * minute) }]
    },
    act: ({ page: shown }) => shown.getByText('has been told nothing yet').waitFor(),
  },
  'screen-viewer': {
    world: (server) => {
      const message = 'The page cannot be reached. It is asked for every 5 s.'
      withScreen(withFault({ phase: 'cached', fault: 'load_failed', message }))(server)
      server.world.me = { ...ada, name: 'Grace Hopper', role: 'viewer' }
    },
    async act({ page: shown }) {
      await shown.getByText('You look on as a viewer').waitFor()
      await shown.getByText('It is asked for every 5 s.').waitFor()
    },
  },
  'screen-none': {
    path: '/screens/lobby-9',
    world: withScreen(lobby),
    act: heading('There is no screen of this name'),
  },
  'screen-show-page': {
    world: withScreen(lobby),
    act: async (opened) => {
      await opened.page.getByRole('button', { name: 'Show a page' }).click()
      await dialogs('Show a page on lobby-1')(opened)
      await opened.page.getByRole('textbox', { name: 'Address' }).fill('ftp://signs')
      await opened.page.getByRole('button', { name: 'Show', exact: true }).click()
      await opened.page.getByText('Give an address that begins with http').waitFor()
    },
  },
  'screen-more': {
    world: withScreen(lobby),
    act: async (opened) => {
      await opened.page.getByRole('button', { name: 'More', exact: true }).click()
      await opened.page.getByRole('menuitem', { name: 'Restart the computer' }).waitFor()
    },
  },
  'screen-reboot': {
    world: withScreen(lobby),
    act: async (opened) => {
      await opened.page.getByRole('button', { name: 'More', exact: true }).click()
      await opened.page.getByRole('menuitem', { name: 'Restart the computer' }).click()
      await dialogs('Restart the computer of lobby-1?')(opened)
    },
  },
  'screen-pin': {
    world: withScreen(lobby),
    act: async (opened) => {
      await opened.page.getByRole('button', { name: 'Change the PIN' }).click()
      await dialogs('PIN of lobby-1')(opened)
    },
  },
  'screen-pane-code': {
    world: withScreen(lobby),
    act: async (opened) => {
      await opened.page.getByRole('button', { name: 'Code for the pane' }).click()
      await opened.page.getByRole('button', { name: 'Make a code' }).click()
      await opened.page.getByRole('button', { name: /^Copy: Code, good until/ }).waitFor()
    },
  },
  'screen-report': {
    world: withScreen(lobby),
    act: async (opened) => {
      await opened.page.getByRole('button', { name: 'Look at the report' }).click()
      await opened.page.getByText('"pages": 3').waitFor()
    },
  },
  'screens-states': {
    path: '/',
    world: ({ world }) => {
      const phases = ['waiting', 'loading', 'showing', 'cached', 'recovering', 'failed'] as const
      world.devices = phases.map((phase) => ({ ...withFault({ phase }), id: `d-${phase}`, name: `box-${phase}` }))
    },
    act: heading('box-failed'),
  },
}

let picture = Buffer.alloc(0)
function withScreen(device: DeviceView) {
  return ({ world }: FakeServer) => {
    world.devices = [device]
    world.screens.commands = [...commands]
    world.screens.png = picture
  }
}

describeWith(['chromium'], 'the page of a screen', () => {
  let browser: Browser
  let built: BuiltPage
  beforeAll(async () => {
    built = await buildPage('console')
    browser = await launchChromium()
    const wall = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    const style =
      'margin:0;height:100vh;display:grid;place-content:center;background:#14324a;color:#fff;font:90px sans-serif'
    await wall.setContent(`<body style="${style}">Doors open at nine`)
    picture = Buffer.from(await wall.screenshot())
    await wall.close()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.[Symbol.asyncDispose]()
  })
  const open = (world: View['world'], path = '/screens/lobby-1') =>
    openConsole(browser, built, path, { prepare: world })

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, world, act } = views[name] as View
    await using opened = await open(world, path)
    await act(opened)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
  })

  test('a screen in the list leads to its page', async () => {
    await using opened = await open(withScreen(lobby), '/')
    await opened.page.getByRole('link', { name: 'lobby-1', exact: true }).press('Enter')
    await opened.page.getByRole('heading', { name: 'Content' }).waitFor()
    expect(await opened.page.title()).toBe('Screen · Carillon')
  })

  test('what the screen says is seen when it says so, and what others say in its name is not', async () => {
    await using opened = await open(withScreen(lobby))
    const { page: shown, server } = opened
    await shown.getByText('It shows what it was told to.').waitFor()
    await server.subscribed('telemetry:lobby-1')
    const message = 'The page ended. It is loaded again.'
    const status = withFault({ phase: 'recovering', fault: 'renderer_gone', message, restarts: 1 }).status
    server.world.devices = []
    // The page asks as well; what it is told then is not what it has been told here.
    server.world.refusals.set('GET /api/v1/devices', { code: 'unavailable', detail: 'Not now.' })
    const forged = { ...status, shell: { ...shell, phase: 'failed' } }
    server.publishAs('telemetry:lobby-1', { type: 'status', status: forged }, { user: 'box', client: 'c' })
    server.publish('telemetry:lobby-1', { type: 'status', status })
    await shown.getByText(message).waitFor()
    await shown.getByText('The process that draws the page ended.').waitFor()
    expect(await shown.getByText('given up').count()).toBe(0)
  })

  test('a command goes out by keyboard, and how it ends is seen without asking', async () => {
    await using opened = await open(withScreen(lobby))
    const { page: shown, server } = opened
    await shown.getByRole('button', { name: 'Reload' }).press('Enter')
    const row = shown.getByRole('listitem').filter({ hasText: /^Reload/ })
    await row.getByText('Under way').waitFor()
    await server.subscribed('telemetry:lobby-1')
    await expect
      .poll(() => asked(opened))
      .toEqual([{ call: 'POST /api/v1/devices/d-lobby-1/commands', body: { command: 'reload' } }])
    const [sent, ...others] = server.world.screens.commands
    if (sent === undefined) throw new Error('nothing was sent')
    const { value: _, ...done } = { ...sent, state: 'done' as const, message: 'Loaded.' }
    server.world.screens.commands = [{ ...done, value: null }, ...others]
    server.publish('telemetry:lobby-1', { type: 'command', command: done })
    await row.getByText('Done').waitFor()
  })

  test('restarting asks first', async () => {
    await using opened = await open(withScreen(lobby))
    const { page: shown } = opened
    const choose = async () => {
      await shown.getByRole('button', { name: 'More', exact: true }).press('Enter')
      await shown.getByRole('menuitem', { name: 'Restart the app' }).press('Enter')
    }
    await choose()
    await shown.getByRole('dialog').getByRole('button', { name: 'Cancel' }).press('Enter')
    await shown.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(asked(opened)).toEqual([])
    await choose()
    await shown.getByRole('dialog').getByRole('button', { name: 'Restart' }).press('Enter')
    await shown.getByText('Restart the app').first().waitFor()
    await expect.poll(() => asked(opened)).toMatchObject([{ body: { command: 'restart-app' } }])
  })

  test('an address without its beginning is one of the web', async () => {
    await using opened = await open(withScreen(lobby))
    const { page: shown } = opened
    await shown.getByRole('button', { name: 'Show a page' }).click()
    await shown.getByRole('textbox', { name: 'Address' }).fill(' signs.example.org/today ')
    await shown.getByRole('button', { name: 'Show', exact: true }).click()
    await shown.getByRole('dialog').waitFor({ state: 'hidden' })
    const body = { command: 'show', args: { url: 'https://signs.example.org/today' }, expiresIn: 60 }
    await expect.poll(() => asked(opened)).toMatchObject([{ body }])
  })

  test('a refusal is said', async () => {
    await using opened = await open(withScreen(lobby))
    const detail = 'lobby-1 has 500 commands to answer. Wait until it does, or until they expire.'
    opened.server.world.refusals.set('POST /api/v1/devices/commands', { code: 'too_many_commands', detail })
    await opened.page.getByRole('button', { name: 'Reload' }).click()
    await opened.page.getByText(detail).waitFor()
  })

  test('a code for the pane is made when somebody asks for it, and again', async () => {
    await using opened = await open(withScreen(lobby))
    const { page: shown } = opened
    await shown.getByRole('button', { name: 'Code for the pane' }).click()
    await shown.getByRole('button', { name: 'Make a code' }).click()
    await expect.poll(() => shown.getByRole('textbox', { name: /^Code, good until/ }).inputValue()).toBe('27182818')
    await shown.getByRole('button', { name: 'Make another' }).click()
    await expect.poll(() => asked(opened)).toHaveLength(2)
  })

  test('a PIN is checked, set and taken away', async () => {
    await using opened = await open(withScreen({ ...lobby, pin: false }))
    const { page: shown } = opened
    await shown.getByRole('button', { name: 'Set a PIN' }).click()
    await shown.getByLabel('New PIN').fill('1234')
    await shown.getByRole('button', { name: 'Set the PIN' }).click()
    await shown.getByText('A PIN has 6 to 12 digits.').waitFor()
    await shown.getByLabel('New PIN').fill('271828')
    await shown.getByRole('button', { name: 'Set the PIN' }).click()
    await shown.getByText('Opens by a PIN').waitFor()
    await shown.getByRole('button', { name: 'Change the PIN' }).click()
    await shown.getByRole('button', { name: 'Take the PIN away' }).click()
    await shown.getByText('Has no PIN', { exact: true }).waitFor()
    await expect.poll(() => asked(opened).map(({ body }) => body)).toEqual([{ pin: '271828' }, { pin: null }])
  })
})
