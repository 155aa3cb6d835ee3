import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DesktopState, FeedEvent } from '#protocol/ipc.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { type FakeStart, installFakeMain } from './fake-bridge.ts'
import { axeViolations, findInEveryLook, openPage, type Watched } from './look.ts'
import { noon } from './noon.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const server = 'https://carillon.example.org'
const signedOut = { phase: 'signed-out', server, notice: null } as const satisfies DesktopState
const signedIn = {
  phase: 'signed-in',
  server,
  account: { name: 'Ada Lovelace', email: 'ada@example.org', role: 'operator' },
  storage: 'keychain',
  link: { phase: 'online', since: noon },
  follows: ['news:general', 'news:build', 'commands:lobby-1'],
  gaps: [],
  refusals: [],
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
  'sign-in-code': {
    state: signedOut,
    act: async ({ page }) => {
      await page.evaluate(() =>
        window.fakeMain.answer('signIn', { ok: false, code: 'code_required', message: 'Send the code as well.' }),
      )
      await page.getByLabel('E-mail').fill('ada@example.org')
      await page.getByLabel('Password', { exact: true }).fill('correct horse')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByLabel('Code').waitFor()
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
      refusals: [{ channel: 'commands:lobby-1', message: 'Your role does not let you follow it.' }],
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

describeWith(['chromium'], 'the desktop window', () => {
  let browser: Browser
  let built: BuiltPage
  beforeAll(async () => {
    built = await buildPage('desktop')
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.[Symbol.asyncDispose]()
  })

  async function openDesktop(state: DesktopState, events: readonly FeedEvent[] = []): Promise<Watched> {
    const start: FakeStart = { desktop: { state, events } }
    const watched = await openPage(browser, { prepare: (page) => page.addInitScript(installFakeMain, start) })
    await watched.page.goto(built.url)
    await watched.page.locator('main').waitFor()
    if (events.length > 0) await watched.page.getByRole('list', { name: 'Events' }).waitFor()
    return watched
  }
  const calls = ({ page }: Watched) => page.evaluate(() => window.fakeMain.calls)
  const answer = ({ page }: Watched, name: string, code: string, message: string) =>
    page.evaluate(([name, code, message]) => window.fakeMain.answer(name, { ok: false, code, message }), [
      name,
      code,
      message,
    ] as const)
  const rows = ({ page }: Watched) => page.getByRole('list', { name: 'Events' }).locator('> li')

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { state, events, act } = views[name] as View
    await using desktop = await openDesktop(state, events)
    await act?.(desktop)
    const wrong = await findInEveryLook(desktop.page, `desktop-${name}`, axeViolations)
    expect([...wrong, ...desktop.faults]).toEqual([])
  })

  test('signs in with the keyboard alone, and asks for the keychain', async () => {
    await using desktop = await openDesktop({ ...signedOut, server: '' })
    const { page } = desktop
    await page.getByLabel('Server address').focus()
    await page.keyboard.type('carillon.local')
    await page.keyboard.press('Tab')
    await page.keyboard.type('ada@example.org')
    await page.keyboard.press('Tab')
    await page.keyboard.type('correct horse')
    await page.keyboard.press('Enter')
    const request = {
      server: 'carillon.local',
      email: 'ada@example.org',
      password: 'correct horse',
      storage: 'keychain',
    }
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'signIn', args: [request] }])
  })

  test('says at the field what is wrong with it', async () => {
    await using desktop = await openDesktop(signedOut)
    const { page } = desktop
    await answer(desktop, 'signIn', 'server_unreachable', 'Nothing answers at carillon.example.org.')
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.getByLabel('Password', { exact: true }).fill('correct horse')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const field = page.getByLabel('Server address')
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    const described = await field.getAttribute('aria-describedby')
    expect(await page.locator(`[id="${described}"]`).textContent()).toBe('Nothing answers at carillon.example.org.')
  })

  test('says any other trouble above the button', async () => {
    await using desktop = await openDesktop(signedOut)
    const { page } = desktop
    await answer(desktop, 'signIn', 'account_disabled', 'This account is disabled. Ask an administrator.')
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.getByLabel('Password', { exact: true }).fill('correct horse')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('This account is disabled. Ask an administrator.').waitFor()
  })

  test('asks for a code once the server wants one, and says at its field that it is wrong', async () => {
    await using desktop = await openDesktop(signedOut)
    const { page } = desktop
    await answer(desktop, 'signIn', 'code_required', 'Send the code as well.')
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.getByLabel('Password', { exact: true }).fill('correct horse')
    expect(await page.getByLabel('Code').count()).toBe(0)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Code').fill('123456')
    await answer(desktop, 'signIn', 'wrong_code', 'Wait for the next one.')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Wait for the next one.').waitFor()
    expect((await calls(desktop)).map(({ args }) => (args[0] as { code?: string }).code)).toEqual([undefined, '123456'])
  })

  test('keeps the sign-in in memory only after somebody said yes', async () => {
    await using desktop = await openDesktop(signedOut)
    const { page } = desktop
    await views['sign-in-no-keychain']?.act?.(desktop)
    await page.getByRole('button', { name: 'Cancel' }).click()
    const storages = async () => (await calls(desktop)).map(({ args }) => (args[0] as { storage: string }).storage)
    expect(await storages()).toEqual(['keychain'])
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Stay signed in until I close the app' }).click()
    await expect.poll(storages).toEqual(['keychain', 'keychain', 'memory'])
  })

  test('shows the newest event first and a thousand at most', async () => {
    await using desktop = await openDesktop(signedIn, events)
    await desktop.page.evaluate((at) => {
      for (let offset = 7; offset <= 1300; offset += 1) {
        const data = { message: `number ${offset}` }
        window.fakeMain.tellEvent({ channel: 'news:general', offset, data, tags: {}, receivedAt: at + offset })
      }
    }, noon)
    await desktop.page.getByText('number 1300', { exact: true }).waitFor()
    await expect.poll(() => rows(desktop).count()).toBe(1000)
    expect(await rows(desktop).first().textContent()).toContain('number 1300')
  })

  test('puts what a channel held before it was followed below what has arrived, once', async () => {
    await using desktop = await openDesktop(signedIn, [])
    const { page } = desktop
    await page.evaluate((at) => {
      const event = (offset: number, receivedAt: number | null) =>
        ({ channel: 'news:general', offset, data: `number ${offset}`, tags: {}, receivedAt }) as const
      window.fakeMain.tellEvent(event(3, at))
      window.fakeMain.tellEarlier([event(1, null), event(2, null)])
      window.fakeMain.tellEarlier([event(1, null), event(2, null)])
    }, noon)
    await page.getByText('number 1', { exact: true }).waitFor()
    const texts = await rows(desktop).allTextContents()
    expect(texts.map((text) => /number (\d)/.exec(text)?.[1])).toEqual(['3', '2', '1'])
    expect(texts.map((text) => text.includes('Earlier'))).toEqual([false, true, true])
  })

  test('shows one channel alone when asked', async () => {
    await using desktop = await openDesktop(signedIn, events)
    const { page } = desktop
    await page.getByRole('button', { name: 'news:build', exact: true }).click()
    await expect.poll(() => rows(desktop).count()).toBe(1)
    await page.getByRole('button', { name: 'All channels' }).click()
    await expect.poll(() => rows(desktop).count()).toBe(events.length)
  })

  test('shows the whole of an event on demand', async () => {
    await using desktop = await openDesktop(signedIn, events)
    const { page } = desktop
    const row = page.getByRole('listitem').filter({ hasText: 'Doors open at nine. The north' })
    await row.getByText('Raw JSON').press('Enter')
    expect(JSON.parse((await row.locator('pre').textContent()) ?? '')).toEqual(events[1]?.data)
  })

  test('follows a channel after checking its name', async () => {
    await using desktop = await openDesktop(signedIn)
    const { page } = desktop
    const field = page.getByLabel('Follow a channel')
    await field.fill('news/general')
    await field.press('Enter')
    await page.getByText('A channel name cannot contain / * or &, which are reserved.').waitFor()
    await field.fill('news:general')
    await field.press('Enter')
    await page.getByText('You follow news:general already.').waitFor()
    expect(await calls(desktop)).toEqual([])
    await field.fill(' news:sports ')
    await field.press('Enter')
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'follow', args: ['news:sports'] }])
    await expect.poll(() => field.inputValue()).toBe('')
  })

  test('says why a channel cannot be followed', async () => {
    await using desktop = await openDesktop(signedIn)
    const { page } = desktop
    await answer(desktop, 'follow', 'unknown_channel', 'No namespace has the channel nows:general.')
    await page.getByLabel('Follow a channel').fill('nows:general')
    await page.getByRole('button', { name: 'Follow', exact: true }).click()
    await page.getByText('No namespace has the channel nows:general.').waitFor()
  })

  test('unfollows a channel', async () => {
    await using desktop = await openDesktop(signedIn)
    await desktop.page.getByRole('button', { name: 'Unfollow news:build' }).click()
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'unfollow', args: ['news:build'] }])
  })

  test('asks before it signs out, and Escape is no', async () => {
    await using desktop = await openDesktop(signedIn)
    const { page } = desktop
    const button = page.getByRole('button', { name: 'Sign out' })
    await button.press('Enter')
    await page.getByRole('dialog', { name: 'Sign out?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await calls(desktop)).toEqual([])
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true)
    await button.press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).press('Enter')
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'signOut', args: [] }])
  })

  test('opens the console', async () => {
    await using desktop = await openDesktop(signedIn)
    await desktop.page.getByRole('button', { name: 'Open console' }).click()
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'openConsole', args: [] }])
  })

  test('says since when it is offline, and stops saying so', async () => {
    await using desktop = await openDesktop({ ...signedIn, link: offline }, events)
    const { page } = desktop
    expect(await page.getByRole('alert').textContent()).toMatch(
      /^Offline since \d\d:\d\d\. The connection to the server/,
    )
    await expect.poll(() => rows(desktop).count()).toBe(events.length)
    await page.evaluate((state) => window.fakeMain.tellDesktop(state), signedIn)
    await page.getByRole('alert').waitFor({ state: 'detached' })
    expect(await page.getByLabel('Connection').textContent()).toBe('Online')
  })

  test('begins an empty list when somebody else signs in', async () => {
    await using desktop = await openDesktop(signedIn)
    const { page } = desktop
    await page.evaluate((at) => {
      window.fakeMain.tellEvent({ channel: 'news:general', offset: 1, data: 'for Ada', tags: {}, receivedAt: at })
    }, noon)
    await page.getByText('for Ada').waitFor()
    await page.evaluate((state) => window.fakeMain.tellDesktop(state), signedOut)
    await page.getByRole('heading', { name: 'Sign in to your server' }).waitFor()
    const grace = { ...signedIn, account: { ...signedIn.account, name: 'Grace Hopper', email: 'grace@example.org' } }
    await page.evaluate((state) => window.fakeMain.tellDesktop(state), grace)
    await page.getByRole('heading', { name: 'Nothing yet' }).waitFor()
  })
})
