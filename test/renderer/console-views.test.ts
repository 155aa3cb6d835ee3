import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClientDetail, FramesEvent } from '#protocol/clients.ts'
import type { DeviceView, EnrolmentView } from '#protocol/devices.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { ada, type FakeServer } from './fake-server.ts'
import type { Watched } from './look.ts'
import { address, asked, faultsInEveryLook, heading, openConsole as openConsoleIn } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const minute = 60_000
const now = Date.now()

function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString()
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
    storage: 'keychain',
    credentialSince: ago(40 * 24 * 60 * minute),
    rotating: false,
    status: null,
    pin: false,
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

function client(name: string, more: Partial<ClientDetail> = {}): ClientDetail {
  return {
    id: `5d1f8a36-0000-4000-8000-${name}`,
    user: `1d6e4acf-8bfb-4117-b049-${name}`,
    name,
    kind: 'device',
    role: 'device',
    transport: 'websocket',
    address: '192.0.2.17',
    since: ago(3 * 60 * minute),
    channels: 2,
    queueBytes: 0,
    channelNames: ['news:general', `commands:${name}`],
    ...more,
  }
}
const clients = [
  client('lobby-1'),
  client('Ada Lovelace', { kind: 'user', role: 'admin', transport: 'sse', since: ago(4 * minute), channels: 12 }),
  client('a-name-as-long-as-somebody-might-choose-for-the-third-floor', {
    address: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
    transport: 'uni_http_stream',
    queueBytes: 700_000,
  }),
  client('billing', { kind: 'key', role: 'operator', since: ago(0), channels: 0 }),
]
const frames: FramesEvent = {
  clients: 1,
  dropped: 7,
  endings: [],
  frames: [
    { direction: 'in', text: '{"id":7,"subscribe":{"channel":"news:general","token":"(left out)"}}' },
    { direction: 'out', text: '{"id":7,"subscribe":{"recoverable":true,"epoch":"abcd","offset":17}}' },
    {
      direction: 'out',
      text: `{"push":{"channel":"news:general","pub":{"data":{"title":"Lunch","message":"${'Soup today. '.repeat(40)}"}}}}`,
    },
    { direction: 'out', text: '{}' },
    { direction: 'in', text: '{}' },
  ].map((frame, index) => ({
    ...frame,
    direction: frame.direction as 'in' | 'out',
    client: 'lobby-1',
    time: `2026-11-22T11:04:0${index}.000Z`,
  })),
}
const lastFrames: FramesEvent = {
  ...frames,
  clients: 0,
  endings: [
    { client: 'lobby-1', time: '2026-11-22T11:04:09.000Z', by: 'server', code: 3503, reason: 'force disconnect' },
  ],
}
const clientPath = `/connections?client=${clients[0]?.id}`

interface View {
  readonly path: string
  readonly world?: (server: FakeServer) => void
  /** Brings the page into the state that is looked at. */
  readonly act: (watched: Watched, server: FakeServer) => Promise<unknown>
}

const views: Readonly<Record<string, View>> = {
  'signed-out': {
    path: '/',
    act: async ({ page }, { world }) => {
      await heading('Screens')({ page } as Watched)
      world.me = null
      world.refusals.set('GET /api/v1/devices', { code: 'unauthorized', detail: 'Sign in first.' })
      await page.getByText('You have been signed out').waitFor()
    },
  },
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
  'setup-done': {
    path: '/setup?token=right',
    world: ({ world }) => {
      const detail = 'This server has an administrator already. Sign in instead.'
      world.refusals.set('GET /api/v1/setup', { code: 'setup_done', detail })
    },
    act: heading('Set-up is done'),
  },
  'setup-used': { path: '/setup?token=old', act: heading('The set-up link is no longer valid') },
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
      server.world.refusals.set('POST /api/v1/devices/commands', {
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
  'screens-administration': {
    path: '/',
    world: withDevices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Administration' }).click()
      await page.getByRole('menuitem', { name: 'Users' }).waitFor()
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
  'connections-none': { path: '/connections', act: heading('Nobody is connected') },
  connections: {
    path: '/connections',
    world: withClients,
    act: ({ page }) => page.getByRole('link', { name: 'Ada Lovelace' }).waitFor(),
  },
  'connections-not-found': {
    path: '/connections',
    world: withClients,
    act: async (watched) => {
      await watched.page.getByRole('textbox', { name: 'Search connections' }).fill('grace')
      await heading('Nobody found')(watched)
    },
  },
  'connections-viewer': {
    path: '/connections',
    world: (server) => {
      withClients(server)
      server.world.me = { ...ada, role: 'viewer' }
    },
    act: ({ page }) => page.getByText('You look on as a viewer').waitFor(),
  },
  'connection-watching': {
    path: clientPath,
    world: withClients,
    act: ({ page }) => page.getByText('The next message appears here').waitFor(),
  },
  connection: {
    path: clientPath,
    world: withClients,
    act: async ({ page }, server) => {
      await page.getByText('The next message appears here').waitFor()
      server.show(frames)
      await page.getByText('7 messages came too fast').waitFor()
    },
  },
  'connection-operator': {
    path: clientPath,
    world: (server) => {
      withClients(server)
      server.world.me = { ...ada, role: 'operator' }
    },
    act: ({ page }) => page.getByText('An administrator can watch').waitFor(),
  },
  'connection-ended': { path: clientPath, act: ({ page }) => page.getByText('This connection has ended').waitFor() },
  'connection-ended-watched': {
    path: clientPath,
    world: withClients,
    act: async ({ page }, server) => {
      await page.getByText('The next message appears here').waitFor()
      server.show(lastFrames)
      await page.getByText('closed by the server: 3503').first().waitFor()
    },
  },
  'connection-disconnect': {
    path: clientPath,
    world: withClients,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Disconnect' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  'nothing-here': { path: '/wallpaper', act: heading('There is no page at this address') },
  live: { path: '/live', act: heading('Choose a channel') },
  'live-nothing': { path: '/live?channel=news:general', act: heading('Nothing yet') },
  'live-channel': {
    path: '/live?channel=news:general',
    world: ({ world }) => {
      world.history.push(...history)
    },
    act: async ({ page }, server) => {
      await page.getByText('Good morning').waitFor()
      await server.subscribed('news:general')
      server.publish('news:general', { title: 'Lunch', message: 'Soup today' })
      await page.getByText('Soup today').waitFor()
    },
  },
  'live-offline': {
    path: '/live?channel=news:general',
    world: ({ world }) => {
      world.history.push(...history)
    },
    act: async ({ page }, server) => {
      await page.getByText('Good morning').waitFor()
      server.world.reachable = false
      server.dropSockets()
      await page.getByText('Offline since').waitFor()
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

function withClients({ world }: FakeServer): void {
  world.clients = [...clients]
}
function withDevices({ world }: FakeServer): void {
  world.devices = [...devices]
}
function withEnrolment({ world }: FakeServer): void {
  world.enrolment = enrolment
}
describeWith(['chromium'], 'the console', () => {
  let browser: Browser
  let built: BuiltPage
  beforeAll(async () => {
    built = await buildPage('console')
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.[Symbol.asyncDispose]()
  })

  const openConsole = (path: string, prepare?: (server: FakeServer) => void) =>
    openConsoleIn(browser, built, path, { prepare })
  const signedOut = ({ world }: FakeServer) => {
    world.me = null
  }

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, world, act } = views[name] as View
    await using opened = await openConsole(path, world)
    await act(opened, opened.server)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
  })

  test('creates the first administrator and opens the screens, signed in', async () => {
    await using opened = await openConsole('/setup?token=right', views.setup?.world)
    const { page } = opened
    await page.getByLabel('Name').fill('Ada Lovelace')
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.getByLabel('Password', { exact: true }).fill('correct horse')
    await page.getByRole('button', { name: 'Create administrator' }).click()
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
    await expect.poll(() => address(opened)).toBe('/')
    const body = { token: 'right', name: 'Ada Lovelace', email: 'ada@example.org', password: 'correct horse' }
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/setup', body }])
  })

  test.each([
    ['somebody who is signed in', ada, 'Go to the console'],
    ['somebody who is not', null, 'Go to sign-in'],
  ])('leads %s on from a link that was used', async (_, me, name) => {
    await using opened = await openConsole('/setup?token=old', ({ world }) => {
      world.me = me
    })
    const { page } = opened
    await page.getByRole('heading', { name: 'The set-up link is no longer valid' }).waitFor()
    await page.getByRole('link', { name }).click()
    await page
      .getByRole('heading', { name: me === null ? 'Sign in to the console' : 'Screens' })
      .first()
      .waitFor()
  })

  test('signs out', async () => {
    await using opened = await openConsole('/')
    const { page } = opened
    await page.getByRole('button', { name: 'Account: Ada Lovelace' }).press('Enter')
    await page.getByRole('menuitem', { name: 'Sign out' }).press('Enter')
    await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
    expect(opened.server.world.me).toBeNull()
    expect(await page.getByText('You have been signed out').count()).toBe(0)
  })

  test('asks to sign in again when the session has ended', async () => {
    await using opened = await openConsole('/', withDevices)
    const { page, server } = opened
    await page.getByRole('heading', { name: 'canteen' }).waitFor()
    signedOut(server)
    server.world.refusals.set('GET /api/v1/devices', { code: 'unauthorized', detail: 'Sign in first.' })
    await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
    await page.getByText('You have been signed out').waitFor()
  })

  test('notices by itself that a screen goes online', async () => {
    await using opened = await openConsole('/', ({ world }) => {
      world.devices = [device('lobby-2', false, 7 * minute)]
    })
    const { page, server } = opened
    const screen = page.getByRole('article', { name: 'lobby-2' })
    const seen = screen.getByText('last seen 7 minutes ago')
    await seen.waitFor()
    expect(await seen.getAttribute('title')).toContain(String(new Date(Date.now() - 7 * minute).getFullYear()))
    server.world.devices = [device('lobby-2', true, 0)]
    await screen.getByText('Online').waitFor()
    expect(await screen.getByText('last seen').count()).toBe(0)
  })

  test('sends a message to a screen and says so', async () => {
    await using opened = await openConsole('/', withDevices)
    const { page } = opened
    await page.getByRole('button', { name: 'Send a message to lobby-1' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Message to lobby-1' })
    await dialog.getByRole('button', { name: 'Send' }).click()
    await dialog.getByText('A message has at least one character.').waitFor()
    await dialog.getByLabel('Title').fill('Lobby')
    await dialog.getByLabel('Message').fill('Doors open at nine')
    await dialog.getByText('18 of 2,000 characters').waitFor()
    await dialog.getByRole('button', { name: 'Send' }).click()
    await page.getByText('Sent to lobby-1.').waitFor()
    const args = { title: 'Lobby', message: 'Doors open at nine' }
    const body = { command: 'show', args, expiresIn: 604_800 }
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/devices/d-lobby-1/commands', body }])
  })

  test('refuses a message over 2,000 characters before it is sent', async () => {
    await using opened = await openConsole('/', withDevices)
    const { page } = opened
    await page.getByRole('button', { name: 'Send a message to lobby-1' }).click()
    await page.getByRole('textbox', { name: 'Message' }).fill('x'.repeat(2001))
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('A message has at most 2,000 characters.').waitFor()
    expect(asked(opened)).toEqual([])
  })

  test('keeps a message that the server refused, with the reason', async () => {
    await using opened = await openConsole('/', withDevices)
    const { page, server } = opened
    server.world.refusals.set('POST /api/v1/devices/commands', {
      code: 'unavailable',
      detail: 'The server is stopping.',
    })
    await page.getByRole('button', { name: 'Send a message to lobby-1' }).click()
    await page.getByRole('textbox', { name: 'Message' }).fill('Doors open')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('alert').getByText('The server is stopping.').waitFor()
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('Doors open')
  })

  test('clears a screen', async () => {
    await using opened = await openConsole('/', withDevices)
    const { page } = opened
    await page.getByRole('button', { name: 'More for lobby-1' }).click()
    await page.getByRole('menuitem', { name: 'Clear screen' }).click()
    await page.getByText('The screen lobby-1 is being cleared.').waitFor()
    await expect
      .poll(() => asked(opened))
      .toEqual([
        { call: 'POST /api/v1/devices/d-lobby-1/commands', body: { command: 'show', args: { nothing: true } } },
      ])
  })

  test('removes a screen only after asking', async () => {
    await using opened = await openConsole('/', withDevices)
    const { page } = opened
    const remove = async () => {
      await page.getByRole('button', { name: 'More for lobby-1' }).click()
      await page.getByRole('menuitem', { name: 'Remove' }).click()
    }
    await remove()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(asked(opened)).toEqual([])
    await remove()
    await page.getByRole('dialog', { name: 'Remove lobby-1?' }).getByRole('button', { name: 'Remove' }).click()
    await page.getByText('lobby-1 has been removed.').waitFor()
    await expect.poll(() => asked(opened)).toEqual([{ call: 'DELETE /api/v1/devices/d-lobby-1', body: null }])
    await page.getByRole('article', { name: 'lobby-1' }).waitFor({ state: 'detached' })
  })

  test('lets a viewer look and nothing else', async () => {
    await using opened = await openConsole('/', views['screens-viewer']?.world)
    const { page } = opened
    await page.getByText('You look on as a viewer').waitFor()
    expect(await page.getByRole('button', { name: /^(Send a message|More) / }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Add a screen' }).count()).toBe(0)
  })

  test('finds connections while one types', async () => {
    await using opened = await openConsole('/connections', withClients)
    const { page } = opened
    await page.getByRole('link', { name: 'Ada Lovelace' }).waitFor()
    await page.getByRole('textbox', { name: 'Search connections' }).fill('lobby')
    await page.getByRole('link', { name: 'Ada Lovelace' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'lobby-1' }).click()
    await page.getByRole('heading', { name: 'lobby-1' }).waitFor()
    await expect.poll(() => address(opened)).toBe(clientPath)
  })

  test('shows the newest message of a connection without scrolling, and where it is subscribed', async () => {
    await using opened = await openConsole(clientPath, ({ world }) => {
      const channelNames = Array.from({ length: 100 }, (_, index) => `news:room-${index}`)
      world.clients = [client('lobby-1', { channels: 1_250, channelNames })]
    })
    const { page, server } = opened
    await page.getByText('The next message appears here').waitFor()
    server.show(frames)
    const newest = page.getByRole('list', { name: 'Messages' }).getByRole('listitem').first()
    await newest.waitFor()
    const box = await newest.boundingBox()
    expect((box?.y ?? 480) + (box?.height ?? 0)).toBeLessThan(480)
    await page.getByText('and 1,150 more').waitFor()
    await page.getByRole('link', { name: 'news:room-99' }).click()
    await expect.poll(() => address(opened)).toBe('/live?channel=news%3Aroom-99')
  })

  test('shows the messages of a connection, newest first, in the time of the reader', async () => {
    await using opened = await openConsole(clientPath, withClients)
    const { page, server } = opened
    await page.getByText('The next message appears here').waitFor()
    server.show(frames)
    const rows = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(5)
    expect(await rows.first().textContent()).toBe('from client12:04:04{}')
    expect(await rows.last().textContent()).toContain('"token":"(left out)"')
  })

  test('holds on, clears and copies', async () => {
    await using opened = await openConsole(clientPath, withClients)
    const { page, server } = opened
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const rows = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
    await page.getByText('The next message appears here').waitFor()
    server.show(frames)
    await expect.poll(() => rows.count()).toBe(5)
    await page.getByRole('button', { name: 'Pause' }).click()
    server.show({ ...frames, dropped: 0, frames: frames.frames.slice(0, 1) })
    await page.getByText('Paused.').waitFor()
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('5 messages copied.').waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied.split('\n')[4]).toBe('2026-11-22T11:04:04.000Z > {}')
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect.poll(() => rows.count()).toBe(6)
    await page.getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => rows.count()).toBe(0)
  })

  test('says that a connection has ended, and keeps what it said', async () => {
    await using opened = await openConsole(clientPath, withClients)
    const { page, server } = opened
    await page.getByText('The next message appears here').waitFor()
    server.show(lastFrames)
    await page.getByText('This connection has ended, closed by the server: 3503 force disconnect.').waitFor()
    const rows = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(6)
    expect(await rows.first().textContent()).toBe('the end12:04:09closed by the server: 3503 force disconnect')
  })

  test.each([
    [false, ''],
    [true, '?stay_away=true'],
  ])('disconnects only after asking, staying away: %s', async (staysAway, query) => {
    await using opened = await openConsole(clientPath, withClients)
    const { page } = opened
    await page.getByRole('button', { name: 'Disconnect' }).click()
    const dialog = page.getByRole('dialog', { name: 'Disconnect lobby-1?' })
    await dialog.waitFor()
    expect(asked(opened)).toEqual([])
    if (staysAway) await dialog.getByRole('checkbox').check()
    const sent = page.waitForRequest((request) => request.method() === 'DELETE')
    await dialog.getByRole('button', { name: 'Disconnect' }).click()
    expect(new URL((await sent).url()).search).toBe(query)
    await page.getByText('lobby-1 has been disconnected.').waitFor()
  })

  test('takes a code in small letters and without its dash, and approves under the name that was given', async () => {
    await using opened = await openConsole('/enrol', withEnrolment)
    const { page } = opened
    await page.getByLabel('Code on the screen').pressSequentially('wdjbmjht')
    await expect.poll(() => page.getByLabel('Code on the screen').inputValue()).toBe('WDJB-MJHT')
    await page.keyboard.press('Enter')
    const name = page.getByLabel('Name of the screen')
    expect(await name.inputValue()).toBe('lobby-pi-local')
    await name.fill('')
    await name.pressSequentially('Lobby 2')
    await page.getByText('Reached as commands:lobby-2').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'lobby-2 is approved' }).waitFor()
    await expect
      .poll(() => asked(opened))
      .toEqual([{ call: 'POST /api/v1/enrolments/WDJB-MJHT/approve', body: { name: 'lobby-2' } }])
  })

  test('approves with a PIN for the pane, once that has enough digits', async () => {
    await using opened = await openConsole('/enrol?code=WDJB-MJHT', withEnrolment)
    const { page } = opened
    await page.getByLabel('PIN of its pane').fill('1234')
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('A PIN has 6 to 12 digits.').waitFor()
    expect(await page.getByLabel('PIN of its pane').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('PIN of its pane').fill('271828')
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('heading', { name: 'lobby-pi-local is approved' }).waitFor()
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    await expect.poll(focused).toBe('lobby-pi-local is approved')
    const body = { name: 'lobby-pi-local', pin: '271828' }
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/enrolments/WDJB-MJHT/approve', body }])
  })

  test.each([
    ['unknown_code', 'No screen shows this code.'],
    ['expired_code', 'The code has expired. The screen shows a new one.'],
    ['enrolment_decided', 'Somebody has decided about this code already.'],
    ['forbidden', 'This needs the role admin or operator; yours is viewer.'],
    ['rate_limited', 'Too many attempts. Try again later.'],
  ] as const)('shows what the server says of a code that is %s', async (code, detail) => {
    await using opened = await openConsole('/enrol?code=WDJB-MJHT', ({ world }) => {
      world.refusals.set('GET /api/v1/enrolments', { code, detail })
    })
    const shown = opened.page.getByRole('alert')
    await shown.waitFor()
    // The title is not said twice.
    expect(await shown.textContent()).toContain(detail.replace(/^(Too many attempts|The code has expired)\. /, ''))
  })

  test('says no more of an unknown code once another is typed', async () => {
    await using opened = await openConsole('/enrol?code=WDJB-MJHT', ({ world }) => {
      world.refusals.set('GET /api/v1/enrolments', { code: 'unknown_code', detail: 'No screen shows this code.' })
    })
    const { page } = opened
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Code on the screen').fill('WDJB')
    await page.keyboard.press('Enter')
    await page.getByText('A code has eight letters').waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('asks for another name when the one given is taken', async () => {
    await using opened = await openConsole('/enrol?code=WDJB-MJHT', views['enrol-name-taken']?.world)
    const { page, server } = opened
    await page.getByRole('button', { name: 'Approve' }).click()
    await expect.poll(() => page.getByLabel('Name of the screen').getAttribute('aria-invalid')).toBe('true')
    server.world.refusals.clear()
    await page.getByLabel('Name of the screen').fill('lobby-2')
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('heading', { name: 'lobby-2 is approved' }).waitFor()
  })

  test('suggests channels in use, and of the other namespaces those that keep something', async () => {
    await using opened = await openConsole('/live', ({ world }) => {
      const namespace = { subscribe: true, publish: true, historySize: 0, historyTtlSeconds: 0 }
      world.channels = {
        namespaces: [
          { ...namespace, name: 'news', historySize: 100, historyTtlSeconds: 60 },
          { ...namespace, name: 'telemetry' },
          { ...namespace, name: 'tasks' },
        ],
        active: Array.from({ length: 11 }, (_, index) => ({ channel: `telemetry:lobby-${index}`, clients: 1 })),
      }
    })
    const links = opened.page.getByRole('list', { name: 'Channels' }).getByRole('link')
    await expect.poll(() => links.count()).toBe(12)
    expect(await links.first().textContent()).toBe('telemetry:lobby-0')
    expect(await links.last().textContent()).toBe('news:general')
    const box = await links.last().boundingBox()
    expect((box?.y ?? 480) + (box?.height ?? 0)).toBeLessThan(480)
  })

  test('opens a channel with its history and shows what comes', async () => {
    await using opened = await openConsole('/live', ({ world }) => {
      world.history.push(...history)
    })
    const { page, server } = opened
    await page.getByRole('combobox', { name: 'Channel' }).fill('news:general')
    await page.keyboard.press('Enter')
    await page.getByText('Good morning').waitFor()
    await server.subscribed('news:general')
    server.publish('news:general', 'Soup today')
    await page.getByText('Soup today').waitFor()
    const texts = await page.getByRole('list', { name: 'Events' }).locator('> li').allTextContents()
    expect(texts.map((text) => text.match(/#(\d)/)?.[1])).toEqual(['4', '3', '2', '1'])
  })

  test('comes back with a new ticket and shows what was missed, once', async () => {
    await using opened = await openConsole('/live?channel=news:general')
    const { page, server } = opened
    await page.getByRole('heading', { name: 'Nothing yet' }).waitFor()
    await server.subscribed('news:general')
    server.publish('news:general', 'before')
    await page.getByText('before').waitFor()
    server.world.reachable = false
    server.dropSockets()
    await page.getByText('Offline since').waitFor()
    server.publish('news:general', 'meanwhile')
    server.world.reachable = true
    await page.getByText('meanwhile').waitFor()
    await expect.poll(() => page.getByLabel('Connection').textContent()).toBe('Online')
    const texts = await page.getByRole('list', { name: 'Events' }).locator('> li p').allTextContents()
    expect(texts).toEqual(['meanwhile', 'before'])
  })

  test('offers to connect again when the server ended the connection', async () => {
    await using opened = await openConsole('/live?channel=news:general')
    const { page, server } = opened
    await page.getByRole('heading', { name: 'Nothing yet' }).waitFor()
    server.refuseSockets()
    await page.getByText('The server ended the connection: force disconnect.').waitFor()
    await page.getByRole('button', { name: 'Connect again' }).click()
    await expect.poll(() => page.getByLabel('Connection').textContent()).toBe('Online')
  })

  test('publishes JSON once it is valid', async () => {
    await using opened = await openConsole('/live?channel=news:general', views['live-publish-json']?.world)
    const { page } = opened
    await views['live-publish-json']?.act(opened, opened.server)
    await page.getByRole('textbox', { name: 'JSON' }).fill('{"build": 17}')
    await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
    await page.getByText('Published to news:general.').waitFor()
    await expect
      .poll(() => asked(opened))
      .toEqual([{ call: 'POST /api/publish', body: { channel: 'news:general', data: { build: 17 } } }])
  })

  test('offers no publishing in a channel where one may only read', async () => {
    await using opened = await openConsole('/live?channel=telemetry:box-17')
    await opened.page.getByText('You may read this channel, but not publish to it.').waitFor()
    expect(await opened.page.getByRole('button', { name: 'Publish' }).count()).toBe(0)
  })

  test('says of a channel that no namespace has just that', async () => {
    await using opened = await openConsole('/live?channel=nope:x')
    await opened.page.getByRole('alert').getByText('No namespace has this channel.').waitFor()
    expect(await opened.page.getByText('You may read this channel').count()).toBe(0)
  })

  test('remembers the theme that was chosen', async () => {
    await using opened = await openConsole('/')
    const { page } = opened
    const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)
    await page.getByRole('button', { name: 'Theme: like the system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).click()
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
    expect(await scheme()).toBe('dark')
    await page.reload()
    await page.getByRole('button', { name: 'Theme: dark' }).click()
    await expect.poll(() => scheme()).toBe('light')
  })

  test('puts the focus on the heading of a page that one has gone to, and a frame around controls alone', async () => {
    await using opened = await openConsole('/connections', withClients)
    const { page } = opened
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    const frame = () =>
      page.evaluate(() => document.activeElement && getComputedStyle(document.activeElement).outlineStyle)
    await page.getByRole('link', { name: 'Ada Lovelace' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('lobby-1')
    expect(await frame()).toBe('none')
    await page.keyboard.press('Tab')
    await expect.poll(() => frame()).toBe('solid')
    await page.goBack()
    await expect.poll(focused).toBe('Connections')
    expect(await page.title()).toBe('Connections · Carillon')
  })

  test.each(['admin', 'operator', 'viewer'] as const)('has room for the header of an %s at 800 wide', async (role) => {
    await using opened = await openConsole('/', ({ world }) => {
      world.me = { ...ada, role, name: 'Augusta Ada King-Noel, Countess of Lovelace' }
      world.reachable = false
    })
    const { page } = opened
    await page.getByText('Offline since').waitFor()
    const header = page.getByRole('banner')
    expect(await header.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
    const account = await page.getByRole('button', { name: 'Account: Augusta' }).boundingBox()
    expect((account?.x ?? 800) + (account?.width ?? 0)).toBeLessThanOrEqual(800)
    expect(await page.getByRole('button', { name: 'Administration' }).count()).toBe(role === 'admin' ? 1 : 0)
  })

  test('leads administrators to their pages, with the keyboard as well', async () => {
    await using opened = await openConsole('/')
    const { page } = opened
    await page.getByRole('button', { name: 'Administration' }).press('Enter')
    await page.getByRole('menuitem', { name: 'Users' }).press('ArrowDown')
    await page.getByRole('menuitem', { name: 'Keys' }).press('Enter')
    await expect.poll(() => address(opened)).toBe('/keys')
    expect(await page.getByRole('button', { name: 'Administration' }).getAttribute('aria-current')).toBe('page')
    await page.setViewportSize({ width: 1920, height: 1080 })
    await page.getByRole('link', { name: 'Audit' }).click()
    await expect.poll(() => page.getByRole('link', { name: 'Audit' }).getAttribute('aria-current')).toBe('page')
  })

  test('lets the keyboard skip the header', async () => {
    await using opened = await openConsole('/')
    const { page } = opened
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('content')
  })
})
