import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import type { FakeServer } from './fake-server.ts'
import type { Watched } from './look.ts'
import { address, asked, faultsInEveryLook, heading, type OpenOptions, openConsole } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

interface View {
  readonly path: string
  readonly host?: OpenOptions['host']
  readonly world?: (server: FakeServer) => void
  /** Brings the page into the state that is looked at. */
  readonly act: (watched: Watched) => Promise<unknown>
}

const signedOut = ({ world }: FakeServer) => {
  world.me = null
}
const withCode = ({ world }: FakeServer) => {
  world.me = null
  world.account.needsCode = true
}

async function give(page: Page, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
async function giveCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code', { exact: true }).fill(code)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const serviceQuery = new URLSearchParams({
  response_type: 'code',
  client_id: 'rota',
  redirect_uri: 'https://rota.example.org/callback',
  scope: 'openid',
  state: 's',
  exp: '1',
  sig: 'right',
})

const views: Readonly<Record<string, View>> = {
  'sign-in': { path: '/', world: signedOut, act: heading('Sign in to the console') },
  'sign-in-passkey': {
    path: '/',
    host: 'localhost',
    world: signedOut,
    act: ({ page }) => page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor(),
  },
  'sign-in-not-set-up': {
    path: '/',
    host: 'localhost',
    world: ({ world }) => {
      world.me = null
      world.setUp = false
    },
    act: ({ page }) => page.getByText('There is no administrator yet').waitFor(),
  },
  'sign-in-wrong': {
    path: '/',
    host: 'localhost',
    world: signedOut,
    act: async ({ page }) => {
      await give(page, 'wrong')
      await page.getByRole('alert').waitFor()
    },
  },
  'sign-in-limited': {
    path: '/',
    world: ({ world }) => {
      world.me = null
      const detail = 'Too many attempts. Try again in 900 seconds.'
      world.refusals.set('POST /api/v1/sign-in', { code: 'rate_limited', detail, retryAfter: 900 })
    },
    act: async ({ page }) => {
      await give(page, 'wrong')
      await page.getByText('You can try again in').waitFor()
    },
  },
  'sign-in-passkey-needed': {
    path: '/',
    host: 'localhost',
    world: ({ world }) => {
      world.me = null
      const detail = 'This account signs in with its passkey.'
      world.refusals.set('POST /api/v1/sign-in', { code: 'second_factor_required', detail })
    },
    act: async ({ page }) => {
      await give(page, 'correct horse')
      await page.getByText('Sign in with your passkey').waitFor()
    },
  },
  'sign-in-code': {
    path: '/',
    world: withCode,
    act: async (watched) => {
      await give(watched.page, 'correct horse')
      await heading('Enter the code')(watched)
    },
  },
  'sign-in-code-wrong': {
    path: '/',
    world: withCode,
    act: async ({ page }) => {
      await give(page, 'correct horse')
      await giveCode(page, '000 000')
      await page.getByRole('alert').waitFor()
      await page.getByText('Lost your phone?').click()
    },
  },
  'sign-in-backup-code': {
    path: '/',
    world: withCode,
    act: async (watched) => {
      await give(watched.page, 'correct horse')
      await watched.page.getByRole('button', { name: 'Use a back-up code' }).click()
      await heading('Enter a back-up code')(watched)
    },
  },
  'sign-in-for-service': { path: `/sign-in?${serviceQuery}`, act: heading('Sign in') },
  reset: { path: '/reset?token=right', world: signedOut, act: heading('Choose a password') },
  'reset-short': {
    path: '/reset?token=right',
    world: signedOut,
    act: async ({ page }) => {
      await page.getByLabel('New password', { exact: true }).fill('short')
      await page.getByRole('button', { name: 'Set the password' }).click()
      await page.getByText('A password has at least 10 characters.').waitFor()
    },
  },
  'reset-used': { path: '/reset?token=old', world: signedOut, act: heading('The link is no longer valid') },
  'reset-incomplete': { path: '/reset', world: signedOut, act: heading('This link is not complete') },
  'reset-done': {
    path: '/reset?token=right',
    world: signedOut,
    act: async (watched) => {
      await watched.page.getByLabel('New password', { exact: true }).fill('a few words in a row')
      await watched.page.getByRole('button', { name: 'Set the password' }).click()
      await heading('Your password is set')(watched)
    },
  },
}

describeWith(['chromium'], 'signing in', () => {
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
  const open = (path: string, prepare?: (server: FakeServer) => void, more: OpenOptions = {}) =>
    openConsole(browser, built, path, { prepare, ...more })

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, host, world, act } = views[name] as View
    await using opened = await open(path, world, { host })
    await act(opened)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
  })

  test('goes on where one wanted to go, with the keyboard alone', async () => {
    await using opened = await open('/live?channel=news:general', signedOut)
    const { page } = opened
    const email = page.getByLabel('E-mail')
    await expect.poll(() => email.evaluate((input) => input === document.activeElement)).toBe(true)
    await page.keyboard.type(' ada@example.org')
    await page.keyboard.press('Tab')
    await page.keyboard.type('correct horse')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await expect.poll(() => page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Nothing yet' }).waitFor()
    await expect.poll(() => address(opened)).toBe('/live?channel=news:general')
    const body = { email: 'ada@example.org', password: 'correct horse' }
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/sign-in', body }])
  })

  test('leads from its own address to the screens', async () => {
    await using opened = await open('/sign-in?next=https://evil.example.org', signedOut)
    await give(opened.page, 'correct horse')
    await opened.page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
    await expect.poll(() => address(opened)).toBe('/')
  })

  test('asks for the code alone, puts the focus there, and lets a wrong one be typed over', async () => {
    await using opened = await open('/', withCode)
    const { page } = opened
    await give(page, 'correct horse')
    const code = page.getByLabel('Code', { exact: true })
    await code.waitFor()
    expect(await code.getAttribute('autocomplete')).toBe('one-time-code')
    expect(await code.getAttribute('inputmode')).toBe('numeric')
    await page.keyboard.type('000000')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The code is wrong').waitFor()
    await expect.poll(() => code.evaluate((input) => input === document.activeElement)).toBe(true)
    await page.keyboard.type('123456')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
    const body = { email: 'ada@example.org', password: 'correct horse' }
    await expect
      .poll(() => asked(opened).map((request) => request.body))
      .toEqual([body, { ...body, code: '000000' }, { ...body, code: '123456' }])
  })

  test('takes a back-up code', async () => {
    await using opened = await open('/', withCode)
    const { page } = opened
    await give(page, 'correct horse')
    await page.getByRole('button', { name: 'Use a back-up code' }).click()
    const field = page.getByLabel('Back-up code', { exact: true })
    expect(await field.getAttribute('inputmode')).toBe('text')
    await page.keyboard.type('k3v9-q2xd')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
  })

  test('says no more of a wrong code once something else is asked for', async () => {
    await using opened = await open('/', withCode)
    const { page } = opened
    await give(page, 'correct horse')
    await giveCode(page, '000000')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    await giveCode(page, '12')
    await page.getByText('Enter the six digits').waitFor()
    expect(await alert.count()).toBe(0)
    await giveCode(page, '000000')
    await alert.waitFor()
    await page.getByRole('button', { name: 'Use a back-up code' }).click()
    await heading('Enter a back-up code')(opened)
    expect(await alert.count()).toBe(0)
  })

  test('says what a code looks like, and leads back to another account', async () => {
    await using opened = await open('/', withCode)
    const { page } = opened
    await give(page, 'correct horse')
    await giveCode(page, '12')
    await page.getByText('Enter the six digits').waitFor()
    await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
    await expect.poll(() => page.getByLabel('E-mail').inputValue()).toBe('ada@example.org')
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
  })

  test('counts down after too many attempts and then lets one try again', async () => {
    await using opened = await open('/', views['sign-in-limited']?.world)
    const { page, server } = opened
    server.world.refusals.set('POST /api/v1/sign-in', {
      code: 'rate_limited',
      detail: 'Too many attempts. Try again in 2 seconds.',
      retryAfter: 2,
    })
    await give(page, 'correct horse')
    const button = page.getByRole('button', { name: 'Sign in', exact: true })
    await page.getByRole('timer').getByText('You can try again in 0:0').waitFor()
    expect(await button.isDisabled()).toBe(true)
    server.world.refusals.clear()
    await page.getByText('You can try again now.').waitFor()
    await button.click()
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
  })

  test('goes on to the service that asked, signed in anew', async () => {
    await using opened = await open(`/sign-in?${serviceQuery}&prompt=login`)
    const { page } = opened
    await page.getByText('Then you go on to the service').waitFor()
    const gone = page.waitForRequest((request) => request.url().includes('/oauth2/authorize'))
    await give(page, 'correct horse')
    const { pathname, searchParams } = new URL((await gone).url())
    expect(pathname).toBe('/api/auth/oauth2/authorize')
    expect(`${searchParams}`).toBe(`${serviceQuery}&prompt=login`)
    await page.waitForURL('**/oauth2/authorize?**')
  })

  test('leads whoever needs a passkey to an address that can have one, and closes nothing to them later', async () => {
    await using opened = await open('/', views['sign-in-passkey-needed']?.world)
    const { page, server } = opened
    await give(page, 'correct horse')
    await page.getByRole('alert').getByRole('link', { name: 'http://localhost' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    await give(page, 'correct horse')
    await page.getByText('Use the button below.').waitFor()
    server.world.me = server.world.person
    await page.reload()
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
  })

  test('asks anew what a passkey is to sign before that has expired', async () => {
    let challenges = 0
    const before = ({ page }: Watched) => {
      page.on('request', (request) => {
        if (request.url().endsWith('/generate-authenticate-options')) challenges += 1
      })
      return page.clock.install()
    }
    await using opened = await open('/', signedOut, { host: 'localhost', before })
    await expect.poll(() => challenges).toBe(1)
    await opened.page.clock.fastForward('04:01')
    await expect.poll(() => challenges).toBe(2)
  })

  test('offers no passkey where the address is a number', async () => {
    await using opened = await open('/', signedOut)
    await opened.page.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
    expect(await opened.page.getByRole('button', { name: 'passkey' }).count()).toBe(0)
  })

  test('tells a link that was used from a server that is away', async () => {
    await using opened = await open('/reset?token=right', ({ world }) => {
      world.refusals.set('GET /api/v1/password-resets', { code: 'unavailable', detail: 'The server is starting.' })
    })
    const { page, server } = opened
    await page.getByRole('alert').getByText('The server is starting.').waitFor()
    server.world.refusals.clear()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByLabel('New password', { exact: true }).fill('a few words in a row')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Your password is set')
    await expect
      .poll(() => asked(opened))
      .toEqual([{ call: 'POST /api/v1/password-resets', body: { token: 'right', password: 'a few words in a row' } }])
  })

  test('shows what the server says against a new password', async () => {
    await using opened = await open('/reset?token=right', ({ world }) => {
      const detail = 'This password is among those that are tried first. Choose another.'
      world.refusals.set('POST /api/v1/password-resets', { code: 'bad_request', detail })
    })
    await opened.page.getByLabel('New password', { exact: true }).fill('password1234')
    await opened.page.getByRole('button', { name: 'Set the password' }).click()
    await opened.page.getByRole('alert').getByText('among those that are tried first').waitFor()
  })
})
