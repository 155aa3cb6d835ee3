import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SessionView } from '#protocol/account.ts'
import type { AuditView } from '#protocol/audit.ts'
import type { KeyView } from '#protocol/keys.ts'
import type { OauthClientView } from '#protocol/oauth.ts'
import type { UserView } from '#protocol/users.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { ada, type FakeServer } from './fake-server.ts'
import type { Watched } from './look.ts'
import { asked, faultsInEveryLook, heading, type OpenedConsole, openConsole } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const minute = 60_000
const day = 24 * 60 * minute
const at = (ms: number) => new Date(Date.now() + ms).toISOString()

const user = (id: string, name: string, more: Partial<UserView> = {}): UserView => ({
  ...{ id, name, email: `${name.split(' ')[0]?.toLowerCase()}@example.org`, role: 'viewer', disabled: false },
  ...{ lockedUntil: null, secondFactor: 'none', createdAt: at(-40 * day), lastSignInAt: at(-3 * minute) },
  ...more,
})
const users = [
  user('u1', 'Ada Lovelace', { role: 'admin', secondFactor: 'both' }),
  user('u2', 'Grace Hopper', { role: 'operator', lockedUntil: at(9 * minute), secondFactor: 'totp' }),
  user('u3', 'Maximiliane Freifrau von Droste-Hülshoff zu Hinterwaldkirchen', { lastSignInAt: null, disabled: true }),
  user('u4', 'Joan Clarke'),
]
const key = (id: string, name: string, more: Partial<KeyView> = {}): KeyView => ({
  ...{ id, name, start: 'crl_k3v9Qx', scopes: ['publish'], owner: { id: 'u1', name: 'Ada Lovelace' } },
  ...{ expiresAt: at(80 * day), createdAt: at(-10 * day), lastUsedAt: at(-minute) },
  ...more,
})
const keys = [
  key('k1', 'weather'),
  key('k2', 'billing', { scopes: ['publish', 'subscribe', 'devices', 'metrics'], expiresAt: null, lastUsedAt: null }),
  key('k3', 'old-door', { expiresAt: at(-2 * day) }),
]
const service = (id: string, name: string, more: Partial<OauthClientView> = {}): OauthClientView => ({
  ...{ id, name, kind: 'web', redirectUris: ['https://rota.example.org/callback'], scopes: ['openid', 'profile'] },
  ...{ disabled: false, createdAt: at(-10 * day), createdBy: 'Ada Lovelace' },
  ...more,
})
const services = [
  service('Wv8dK2pTq9Lm4Zr6', 'Duty rota'),
  service('Hx2cN7bFs1Jd5Yw3', 'Signage import', { kind: 'service', redirectUris: [], scopes: ['publish'] }),
  service('Pq4mB8vRz6Tk1Xn9', 'Old lobby tablet', { kind: 'device', redirectUris: [], disabled: true }),
]
const entry = (id: string, more: Partial<AuditView> = {}): AuditView => ({
  ...{ id, time: at(-5 * minute), actor: { kind: 'user', id: 'u1', name: 'Ada Lovelace' }, action: 'sign_in' },
  ...{ target: null, outcome: 'done', code: null, address: '192.0.2.17', requestId: 'r-41f0', details: {} },
  ...more,
})
const audit = [
  entry('a1'),
  entry('a2', {
    action: 'sign_in',
    actor: null,
    outcome: 'refused',
    code: 'wrong_credentials',
    details: { times: '17' },
  }),
  entry('a3', {
    action: 'user_update',
    target: { kind: 'user', id: 'u2', name: 'Grace Hopper' },
    details: { role: 'viewer to operator' },
  }),
  entry('a4', {
    action: 'key_create',
    actor: { kind: 'local', id: 'local', name: 'server command line' },
    address: '',
  }),
]
const waiting = [
  {
    ...{ id: 'e1', hostname: 'Lobby-Pi.local', address: '192.0.2.23', version: '0.1.0', platform: 'linux arm64' },
    ...{ requestedAt: at(-2 * minute), expiresAt: at(8 * minute) },
  },
]

const withUsers = ({ world }: FakeServer) => {
  world.administration.users = [...users]
}
const session = (id: string, userAgent: string, kind: SessionView['kind']): SessionView => ({
  ...{ id, userAgent, kind, current: false, address: '192.0.2.31' },
  ...{ startedAt: at(-3 * day), lastUsedAt: at(-2 * minute), expiresAt: at(4 * day) },
})
const withSessions = (server: FakeServer) => {
  withUsers(server)
  server.world.account.sessions = [
    session('s1', 'Firefox on Windows', 'browser'),
    session('s2', 'carillon 0.1.0 on Linux', 'program'),
  ]
}
const withKeys = ({ world }: FakeServer) => {
  world.account.keys = [...keys]
}
const withServices = ({ world }: FakeServer) => {
  world.administration.services = [...services]
}
const withAudit = ({ world }: FakeServer) => {
  world.administration.audit = [...audit]
}
const asViewer = ({ world }: FakeServer) => {
  world.me = { ...ada, role: 'viewer' }
}

const menu = async ({ page }: Watched, of: string, item: string) => {
  await page.getByRole('button', { name: `More for ${of}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

interface View {
  readonly path: string
  readonly world?: (server: FakeServer) => void
  readonly act: (watched: Watched) => Promise<unknown>
}

const views: Readonly<Record<string, View>> = {
  users: { path: '/users', world: withUsers, act: ({ page }) => page.getByText('grace@example.org').waitFor() },
  'users-not-found': {
    path: '/users',
    world: withUsers,
    act: async (watched) => {
      await watched.page.getByRole('textbox', { name: 'Search users' }).fill('nobody')
      await heading('Nobody found')(watched)
    },
  },
  'users-menu': {
    path: '/users',
    world: withUsers,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'More for Grace Hopper' }).click()
      await page.getByRole('menuitem', { name: 'Unlock' }).waitFor()
    },
  },
  'users-viewer': { path: '/users', world: asViewer, act: heading('Not for this account') },
  'users-add': {
    path: '/users',
    world: withUsers,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Add a user' }).click()
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByText('Give a name.').waitFor()
    },
  },
  'users-link': {
    path: '/users',
    world: withUsers,
    act: async (watched) => {
      await menu(watched, 'Grace Hopper', 'Reset password')
      await watched.page.getByRole('button', { name: 'Reset', exact: true }).click()
      await watched.page.getByLabel('Link', { exact: true }).waitFor()
    },
  },
  'users-change': {
    path: '/users',
    world: withUsers,
    act: async (watched) => {
      await menu(watched, 'Ada Lovelace', 'Change name or role')
      await watched.page.getByText('Another administrator can change your role.').waitFor()
    },
  },
  'users-disable': {
    path: '/users',
    world: withUsers,
    act: async (watched) => {
      await menu(watched, 'Grace Hopper', 'Disable')
      await watched.page.getByRole('dialog').waitFor()
    },
  },
  'user-sessions': {
    path: '/users',
    world: withSessions,
    act: async (watched) => {
      await menu(watched, 'Grace Hopper', 'Where they are signed in')
      await watched.page.getByText('Firefox on Windows').waitFor()
    },
  },
  'keys-none': { path: '/keys', act: heading('No keys yet') },
  keys: { path: '/keys', world: withKeys, act: ({ page }) => page.getByText('billing').waitFor() },
  'keys-new': {
    path: '/keys',
    world: withKeys,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'New key' }).click()
      await page.getByLabel('Name').fill('door')
      await page.getByRole('button', { name: 'Create' }).click()
      await page.getByText('Give at least one scope.').waitFor()
    },
  },
  'keys-created': {
    path: '/keys',
    world: withKeys,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'New key' }).click()
      await page.getByLabel('Name').fill('door')
      await page.getByRole('checkbox', { name: 'publish' }).check()
      await page.getByRole('button', { name: 'Create' }).click()
      await page.getByLabel('Key', { exact: true }).waitFor()
    },
  },
  'keys-revoke': {
    path: '/keys',
    world: withKeys,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Revoke weather' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  'services-none': { path: '/services', act: heading('No services yet') },
  'services-not-allowed': {
    path: '/services',
    world: ({ world }) => {
      const detail = 'This needs the role admin; yours is viewer.'
      world.refusals.set('GET /api/v1/oauth/clients', { code: 'forbidden', detail })
    },
    act: heading('Not for this account'),
  },
  services: { path: '/services', world: withServices, act: ({ page }) => page.getByText('Duty rota').waitFor() },
  'services-register': {
    path: '/services',
    world: withServices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Register a service' }).click()
      await page.getByLabel('Name').fill('Wiki')
      await page.getByLabel('Addresses to come back to').fill('wiki')
      await page.getByRole('button', { name: 'Register', exact: true }).click()
      await page.getByText('wiki: Give the full address').waitFor()
    },
  },
  'services-registered': {
    path: '/services',
    world: withServices,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Register a service' }).click()
      await page.getByLabel('Name').fill('Wiki')
      await page.getByLabel('Addresses to come back to').fill('https://wiki.example.org/callback')
      await page.getByRole('button', { name: 'Register', exact: true }).click()
      await page.getByLabel('Client secret', { exact: true }).waitFor()
    },
  },
  'services-secret': {
    path: '/services',
    world: withServices,
    act: async (watched) => {
      await menu(watched, 'Duty rota', 'New secret')
      await watched.page.getByRole('button', { name: 'New secret' }).click()
      await watched.page.getByLabel('Client secret', { exact: true }).waitFor()
    },
  },
  audit: { path: '/audit', world: withAudit, act: ({ page }) => page.getByText('Grace Hopper').waitFor() },
  'audit-details': {
    path: '/audit',
    world: withAudit,
    act: async ({ page }) => {
      await page.getByText('Details').nth(1).click()
      await page.getByText('wrong_credentials').waitFor()
    },
  },
  'audit-days': {
    path: '/audit',
    world: withAudit,
    act: async (watched) => {
      const { page } = watched
      await page.getByRole('combobox', { name: 'When' }).click()
      await page.getByRole('option', { name: 'Chosen days' }).click()
      await page.getByLabel('From').fill('2026-01-05')
      await page.getByLabel('To').fill('2026-01-02')
      await page.getByText('This is before the first day.').waitFor()
    },
  },
  'audit-none': {
    path: '/audit',
    world: withAudit,
    act: async (watched) => {
      await watched.page.getByLabel('Who').fill('nobody')
      await heading('Nothing found')(watched)
    },
  },
  'screens-waiting': {
    path: '/',
    world: ({ world }) => {
      world.administration.waiting = waiting
    },
    act: heading('A screen waits for approval'),
  },
}

describeWith(['chromium'], 'the console of administrators', () => {
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
  const open = (path: string, prepare?: (server: FakeServer) => void): Promise<OpenedConsole> =>
    openConsole(browser, built, path, { prepare })

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, world, act } = views[name] as View
    await using opened = await open(path, world)
    await act(opened)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
  })

  test('somebody is added and their link can be copied; it is gone when the dialog is opened again', async () => {
    await using opened = await open('/users', withUsers)
    const { page } = opened
    await page.getByRole('button', { name: 'Add a user' }).click()
    await page.getByLabel('Name').fill('Alan Turing')
    await page.getByLabel('E-mail').fill(' alan@example.org ')
    await page.getByRole('radio', { name: 'Operator' }).check()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const link = await page.getByLabel('Link', { exact: true }).inputValue()
    expect(link).toContain('/reset?token=')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy: Link' }).click()
    await page.getByText('Link copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link)
    await expect
      .poll(() => asked(opened))
      .toContainEqual({
        call: 'POST /api/v1/users',
        body: { name: 'Alan Turing', email: 'alan@example.org', role: 'operator' },
      })
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Add a user' }).click()
    expect(await page.getByLabel('Name').inputValue()).toBe('')
  })

  test('what is wrong in a form is where the focus goes, in sight on a small screen', async () => {
    await using opened = await open('/keys', withKeys)
    const { page } = opened
    await page.setViewportSize({ width: 800, height: 480 })
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog')
    const create = dialog.getByRole('button', { name: 'Create' })
    const name = dialog.getByLabel('Name')
    await create.click()
    await expect.poll(() => name.evaluate((input) => input === document.activeElement)).toBe(true)
    await expect.poll(() => name.evaluate((input) => input.getBoundingClientRect().top)).toBeGreaterThan(0)
    await name.fill('door')
    await create.click()
    await expect.poll(() => dialog.getByLabel('publish').evaluate((box) => box === document.activeElement)).toBe(true)
    expect(asked(opened)).toEqual([])
  })

  test('says so where the browser does not let the page copy, as over plain http', async () => {
    await using opened = await open('/users', withUsers)
    const { page } = opened
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
    await menu(opened, 'Grace Hopper', 'Reset password')
    await page.getByRole('dialog').getByRole('button', { name: 'Reset', exact: true }).click()
    await page.getByRole('button', { name: 'Copy: Link' }).click()
    await page.getByText('does not let the page copy').waitFor()
  })

  test.each([
    ['Disable', 'Disable', 'POST /api/v1/users/u4/disable'],
    ['Sign out everywhere', 'Sign out', 'POST /api/v1/users/u4/sign-out'],
    ['Remove', 'Remove', 'DELETE /api/v1/users/u4'],
  ])('%s asks first, and then does it', async (item, action, call) => {
    await using opened = await open('/users', withUsers)
    const { page } = opened
    await page.getByRole('button', { name: 'Show more users' }).click()
    await menu(opened, 'Joan Clarke', item)
    expect(asked(opened)).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await expect.poll(() => asked(opened).map((one) => one.call)).toEqual([call])
  })

  test('one session of somebody is ended where all of them are shown', async () => {
    await using opened = await open('/users', withSessions)
    const { page } = opened
    await menu(opened, 'Grace Hopper', 'Where they are signed in')
    const dialog = page.getByRole('dialog', { name: 'Where Grace Hopper is signed in' })
    await dialog.getByRole('button', { name: 'End Firefox on Windows, 192.0.2.31' }).click()
    await expect
      .poll(() => dialog.getByRole('listitem').allInnerTexts())
      .toEqual([expect.stringMatching(/^carillon 0\.1/)])
    await expect.poll(() => asked(opened)).toEqual([{ call: 'DELETE /api/v1/sessions/s1', body: null }])
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })

  test('nobody can disable or remove themselves, or reset their own password and second factor', async () => {
    await using opened = await open('/users', withUsers)
    await opened.page.getByRole('button', { name: 'More for Ada Lovelace' }).click()
    await opened.page.getByRole('menuitem', { name: 'Sign out everywhere' }).waitFor()
    expect(await opened.page.getByRole('menuitem', { name: /^(Disable|Remove|Reset .*)$/ }).count()).toBe(0)
  })

  test('the record is filtered by the server, and exported as it is filtered', async () => {
    await using opened = await open('/audit', withAudit)
    const { page } = opened
    await page.getByRole('combobox', { name: 'Outcome' }).click()
    await page.getByRole('option', { name: 'Refused' }).click()
    await page.getByText('Grace Hopper').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Export' }).click()
    const link = await page.getByRole('menuitem', { name: 'For a spreadsheet (CSV)' }).getAttribute('href')
    expect(link).toBe('/api/v1/audit/export?outcome=refused&format=csv')
    // It is in the address.
    expect(new URL(page.url()).search).toBe('?outcome=refused')
    await page.reload()
    await page.getByRole('heading', { name: 'Audit' }).waitFor()
    await expect.poll(() => page.getByRole('combobox', { name: 'Outcome' }).inputValue()).toBe('Refused')
    expect(await page.getByText('Grace Hopper').count()).toBe(0)
    await page.getByLabel('Who').pressSequentially('nobody')
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor()
    expect(new URL(page.url()).search).toBe('?who=nobody&outcome=refused')
  })

  test('an entry says its time to the second, and names no session by its id', async () => {
    const target = { kind: 'session', id: 'c2Vzc2lvbi1pZA', name: '' } as const
    await using opened = await open('/audit', ({ world }) => {
      world.administration.audit = [entry('a1', { action: 'sign_out', target })]
    })
    const { page } = opened
    const row = page.getByRole('row').filter({ hasText: 'Sign-out' })
    await row.waitFor()
    expect(await row.locator('time').textContent()).toMatch(/\d\d:\d\d:\d\d$/)
    expect(await row.locator('time').getAttribute('title')).toMatch(/ \d{4} at .* CES?T$/)
    const id = page.getByText(target.id)
    expect(await id.isVisible()).toBe(false)
    await row.getByText('Details').click()
    await id.waitFor()
  })

  test('the record of certain days is chosen with the keyboard, and exported', async () => {
    await using opened = await open('/audit', withAudit)
    const { page } = opened
    await page.getByText('Grace Hopper').waitFor()
    await page.getByRole('combobox', { name: 'When' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('option', { name: 'Last hour' }).waitFor()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    const [from, to] = [page.getByLabel('From'), page.getByLabel('To')]
    // There is a week to begin with.
    const days = Date.parse(await to.inputValue()) - Date.parse(await from.inputValue())
    expect(days).toBe(6 * day)
    await from.fill('2026-01-02')
    await to.fill('2026-01-03')
    await expect.poll(() => new URL(page.url()).search).toBe('?period=days&from=2026-01-02&to=2026-01-03')
    // Nothing of it is cut off, on the smallest screen.
    const chosen = page.getByRole('combobox', { name: 'When' })
    expect(await chosen.inputValue()).toBe('Chosen days')
    expect(await chosen.evaluate((field) => field.scrollWidth - field.clientWidth)).toBe(0)
    await page.getByRole('button', { name: 'Export' }).click()
    const link = page.getByRole('menuitem', { name: 'For programs (NDJSON)' })
    // The reader is in Berlin, and the last day is included.
    const span = { from: '2026-01-01T23:00:00.000Z', to: '2026-01-03T23:00:00.000Z', format: 'ndjson' }
    await expect.poll(() => link.getAttribute('href')).toBe(`/api/v1/audit/export?${new URLSearchParams(span)}`)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await expect.poll(() => new URL(page.url()).search).toBe('')
    expect(await from.count()).toBe(0)
  })

  test('a screen is asked for a new credential, and says that it is under way', async () => {
    await using opened = await open('/', ({ world }) => {
      world.devices = [
        {
          ...{ id: 'd-1', name: 'lobby-1', hostname: 'lobby', version: '0.1.0', platform: 'linux', online: true },
          ...{ address: '192.0.2.17', enrolledAt: at(-day), enrolledBy: 'Ada', lastSeenAt: null, storage: 'file' },
          ...{ credentialSince: at(-day), rotating: false, status: null, pin: false },
        },
      ]
    })
    const { page } = opened
    await menu(opened, 'lobby-1', 'New credential')
    await page.getByRole('dialog').getByRole('button', { name: 'New credential' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'More for lobby-1' }).click()
    await page.getByRole('menuitem', { name: 'New credential is under way' }).waitFor()
    await expect.poll(() => asked(opened).map(({ call }) => call)).toEqual(['POST /api/v1/devices/d-1/rotate'])
  })
})
