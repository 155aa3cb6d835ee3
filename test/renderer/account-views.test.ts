import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SessionView } from '#protocol/account.ts'
import type { KeyView } from '#protocol/keys.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { addAuthenticator } from '../support/virtual-authenticator.ts'
import { backupCodes } from './fake-account.ts'
import { ada, type FakeServer } from './fake-server.ts'
import type { Watched } from './look.ts'
import { address, asked, faultsInEveryLook, type OpenOptions, openConsole } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const minute = 60_000
const day = 24 * 60 * minute
const instant = (fromNow: number) => new Date(Date.now() + fromNow).toISOString()

function session(id: string, more: Partial<SessionView>): SessionView {
  return {
    id,
    current: false,
    kind: 'browser',
    userAgent: '',
    address: '192.0.2.17',
    startedAt: instant(-3 * day),
    lastUsedAt: instant(-2 * day),
    expiresAt: instant(4 * day),
    ...more,
  }
}
const sessions = [
  session('here', { current: true, userAgent: 'Firefox on Linux', lastUsedAt: instant(0) }),
  session('phone', { userAgent: 'Safari on iOS', address: '2001:db8:85a3:8d3:1319:8a2e:370:7348' }),
  session('script', { kind: 'program', userAgent: 'curl', lastUsedAt: instant(-7 * minute) }),
  session('unnamed', { kind: 'program' }),
]
const key: KeyView = {
  id: 'k1',
  name: 'weather',
  start: 'crl_7k',
  scopes: ['publish', 'subscribe'],
  owner: { id: ada.id, name: ada.name },
  expiresAt: instant(80 * day),
  createdAt: instant(-10 * day),
  lastUsedAt: instant(-3 * minute),
}
const passkey = { id: 'p1', name: 'Laptop', createdAt: instant(-30 * day), lastUsedAt: instant(-2 * minute) }

interface View {
  readonly path?: string
  readonly host?: OpenOptions['host']
  readonly world?: (server: FakeServer) => void
  /** Brings the page into the state that is looked at. */
  readonly act: (watched: Watched) => Promise<unknown>
}

function full({ world }: FakeServer): void {
  world.account.sessions = [...sessions]
  world.account.keys = [key]
  world.account.grants = [
    {
      clientId: 'rota',
      name: 'Duty rota',
      scopes: ['openid', 'email', 'publish'],
      meanings: ['Know that it is you', 'See your e-mail address', 'Publish where you may'],
      grantedAt: instant(-9 * day),
    },
  ]
  world.account.factor = { ...world.account.factor, totp: true, backupCodesLeft: 10, passkeys: [passkey] }
}
function required(fromNow: number) {
  return ({ world }: FakeServer): void => {
    world.account.factor = { ...world.account.factor, required: true, requiredFrom: instant(fromNow) }
  }
}

async function givePassword(page: Page, action: string, password = 'correct horse'): Promise<void> {
  await page.getByLabel('Your password', { exact: true }).fill(password)
  await page.getByRole('dialog').getByRole('button', { name: action }).click()
}
async function beginTotp(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Set up an app' }).click()
  await givePassword(page, 'Continue')
  await page.getByRole('img', { name: 'The secret as a QR code' }).waitFor()
}
async function setUpTotp(page: Page): Promise<void> {
  await beginTotp(page)
  await page.getByLabel('First code').fill('123456')
  await page.getByRole('button', { name: 'Turn on' }).click()
  await page.getByRole('list', { name: 'Back-up codes' }).waitFor()
}
const press = (name: string) => async (watched: Watched) => {
  await watched.page.getByRole('button', { name }).click()
  await watched.page.getByRole('dialog').waitFor()
}

const views: Readonly<Record<string, View>> = {
  account: { act: ({ page }) => page.getByText('Nowhere but here.').waitFor() },
  'account-full': {
    host: 'localhost',
    world: full,
    act: ({ page }) => page.getByText('Duty rota').waitFor(),
  },
  'account-sessions': {
    world: full,
    act: async ({ page }) => page.getByRole('heading', { name: 'API keys' }).scrollIntoViewIfNeeded(),
  },
  'account-services': {
    world: full,
    act: async ({ page }) => page.getByText('Duty rota').scrollIntoViewIfNeeded(),
  },
  'account-few-codes': {
    world: ({ world }) => {
      world.account.factor = { ...world.account.factor, totp: true, backupCodesLeft: 1 }
    },
    act: ({ page }) => page.getByText('One back-up code left').waitFor(),
  },
  'account-unavailable': {
    world: ({ world }) => {
      const refusal = { code: 'unavailable', detail: 'The server is starting. Try again in a moment.' } as const
      for (const path of ['sessions', 'keys', 'me/grants', 'me/second-factor']) {
        world.refusals.set(`GET /api/v1/${path}`, refusal)
      }
    },
    act: ({ page }) => page.getByRole('alert').first().waitFor(),
  },
  'account-end-session': { world: full, act: press('End curl') },
  'account-end-others': { world: full, act: press('Sign out everywhere else') },
  'account-reset-tokens': { world: full, act: press('Reset tokens of programs') },
  'account-totp-password': { act: press('Set up an app') },
  'account-totp-scan': { act: ({ page }) => beginTotp(page) },
  'account-totp-wrong': {
    act: async ({ page }) => {
      await beginTotp(page)
      await page.getByLabel('First code').fill('000000')
      await page.getByRole('button', { name: 'Turn on' }).click()
      await page.getByText('The code is wrong.').waitFor()
    },
  },
  'account-totp-codes': { act: ({ page }) => setUpTotp(page) },
  'account-turn-off': {
    world: (server) => {
      full(server)
      server.world.account.factor = { ...server.world.account.factor, required: true, passkeys: [] }
    },
    act: press('Turn off'),
  },
  'account-new-codes-code': {
    world: (server) => {
      full(server)
      const detail = 'Send the code of your authenticator app as well.'
      server.world.refusals.set('POST /api/v1/me/backup-codes', { code: 'code_required', detail })
    },
    act: async (watched) => {
      await press('New back-up codes')(watched)
      await givePassword(watched.page, 'Make new codes')
      await watched.page.getByLabel('Code', { exact: true }).waitFor()
    },
  },
  'account-add-passkey': { host: 'localhost', act: press('Add a passkey') },
  'account-remove-passkey': { world: full, act: press('Remove Laptop') },
  'account-password-wrong': {
    act: async ({ page }) => {
      await page.getByLabel('Password until now', { exact: true }).fill('wrong')
      await page.getByLabel('New password', { exact: true }).fill('a few words in a row')
      await page.getByRole('button', { name: 'Change the password' }).click()
      await page.getByText('This is not your password.').waitFor()
    },
  },
  'account-end-grant': { world: full, act: press('End access of Duty rota') },
  'factor-due': { path: '/', world: required(5 * day), act: ({ page }) => page.getByText('Set it up').waitFor() },
  'factor-overdue': {
    path: '/',
    host: 'localhost',
    world: required(-minute),
    act: ({ page }) => page.getByRole('button', { name: 'Add a passkey' }).waitFor(),
  },
}

describeWith(['chromium'], 'my account', () => {
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
  const open = (prepare?: (server: FakeServer) => void, path = '/account', more: OpenOptions = {}) =>
    openConsole(browser, built, path, { prepare, ...more })

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, host, world, act } = views[name] as View
    await using opened = await open(world, path, { host })
    await act(opened)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
    expect(await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  })

  test('is reached from the account menu', async () => {
    await using opened = await open(undefined, '/')
    const { page } = opened
    await page.getByRole('button', { name: 'Account: Ada Lovelace' }).press('Enter')
    await page.getByRole('menuitem', { name: 'My account' }).press('Enter')
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('My account')
    await expect.poll(() => address(opened)).toBe('/account')
  })

  test('ends one session only after asking, and shows which one is here', async () => {
    await using opened = await open(full)
    const { page } = opened
    const rows = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(4)
    expect(await rows.first().textContent()).toContain('This one')
    expect(await rows.first().getByRole('button').count()).toBe(0)
    await page.getByRole('button', { name: 'End Safari on iOS' }).click()
    expect(asked(opened)).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
    await page.getByText('Safari on iOS has been signed out.').waitFor()
    await expect.poll(() => rows.count()).toBe(3)
    await expect.poll(() => asked(opened)).toEqual([{ call: 'DELETE /api/v1/sessions/phone', body: null }])
  })

  test.each([
    ['Sign out everywhere else', 'Sign out', 'others', '3 sessions have ended.', 1],
    ['Reset tokens of programs', 'Reset', 'programs', '2 sessions have ended.', 2],
  ])('%s', async (button, action, which, said, left) => {
    await using opened = await open(full)
    const { page } = opened
    await page.getByRole('button', { name: button }).click()
    await page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click()
    await page.getByText(said).waitFor()
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/sessions/end', body: { which } }])
    const rows = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(left)
  })

  test('sets an app up with the keyboard, and lets the back-up codes go only when they are kept', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByRole('button', { name: 'Set up an app' }).press('Enter')
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('password')
    await page.keyboard.type('correct horse')
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: 'The secret as a QR code' }).waitFor()
    // For whoever types it; who copies it, by the button or by hand, has no use for the spaces.
    const secret = page.getByLabel('Secret', { exact: true })
    expect(await secret.inputValue()).toBe('JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    await page.getByRole('button', { name: 'Copy: Secret' }).click()
    await expect.poll(copied).toBe('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')
    await page.evaluate(() => navigator.clipboard.writeText('something else'))
    await secret.focus()
    await page.keyboard.press('Control+C')
    await expect.poll(copied).toBe('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')
    await page.getByLabel('First code').focus()
    await page.keyboard.type('123456')
    await page.keyboard.press('Enter')
    const codes = page.getByRole('list', { name: 'Back-up codes' }).getByRole('listitem')
    await expect.poll(() => codes.allTextContents()).toEqual(backupCodes)
    await page.keyboard.press('Escape')
    await page.mouse.click(5, 5)
    await expect.poll(() => codes.count()).toBe(10)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('10 back-up codes left').waitFor()
    await expect
      .poll(() => asked(opened).map(({ call }) => call))
      .toEqual(['POST /api/v1/me/totp', 'POST /api/v1/me/totp/verify'])
  })

  test('copies, downloads and prints the back-up codes', async () => {
    await using opened = await open()
    const { page } = opened
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await setUpTotp(page)
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByText('The back-up codes are copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(backupCodes.join('\n'))
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download' }).click()
    const file = await downloading
    expect(file.suggestedFilename()).toBe('carillon-back-up-codes.txt')
    expect(await readFile(await file.path(), 'utf8')).toContain(`\n\n${backupCodes.join('\n')}\n`)
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('list', { name: 'Back-up codes' }).isVisible()).toBe(true)
    expect(await page.getByText('Back-up codes for Carillon').isVisible()).toBe(true)
    expect(await page.getByText('Each of these works once').isVisible()).toBe(false)
  })

  test('asks for a code as well where the server wants one, and shows the new back-up codes', async () => {
    await using opened = await open(views['account-new-codes-code']?.world)
    const { page, server } = opened
    await press('New back-up codes')(opened)
    await givePassword(page, 'Make new codes')
    await page.getByLabel('Code', { exact: true }).fill('123456')
    server.world.refusals.clear()
    await page.getByRole('button', { name: 'Make new codes' }).click()
    await page.getByText('m7p0-q2xd').waitFor()
    await expect
      .poll(() => asked(opened).map(({ body }) => body))
      .toEqual([{ password: 'correct horse' }, { password: 'correct horse', code: '123456' }])
  })

  test('turns the app off, not with a wrong password', async () => {
    await using opened = await open(full)
    const { page } = opened
    await press('Turn off')(opened)
    await givePassword(page, 'Turn off', 'wrong')
    await page.getByRole('alert').getByText('This is not your password.').waitFor()
    await givePassword(page, 'Turn off')
    await page.getByRole('button', { name: 'Set up an app' }).waitFor()
  })

  test('adds a passkey under a name, signs in with it, and removes it', async () => {
    await using opened = await open(undefined, '/account', {
      host: 'localhost',
      // The browser offers none by itself: it is the button that is looked at.
      before: ({ page }) =>
        page.addInitScript(() => {
          PublicKeyCredential.isConditionalMediationAvailable = async () => false
        }),
    })
    const { page, server } = opened
    const authenticator = await addAuthenticator(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
    await page.getByText('Give a name.').waitFor()
    await authenticator.touch(true)
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await page.keyboard.press('Enter')
    await page.getByText('The passkey Laptop has been added.').waitFor()
    server.world.me = null
    await page.reload()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('button', { name: 'Remove Laptop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('The passkey Laptop has been removed.').waitFor()
    const calls = asked(opened).map(({ call }) => call)
    expect(calls).toEqual([
      'POST /api/auth/passkey/verify-registration',
      'POST /api/auth/passkey/verify-authentication',
      'DELETE /api/v1/me/passkeys/p-Laptop',
    ])
  })

  test('signs in with a passkey that the browser offers by itself', async () => {
    await using opened = await open(undefined, '/account', { host: 'localhost' })
    const { page, server } = opened
    const authenticator = await addAuthenticator(page)
    await authenticator.touch(true)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await page.keyboard.press('Enter')
    await page.getByText('The passkey Laptop has been added.').waitFor()
    server.world.me = null
    await page.reload()
    await page.getByRole('button', { name: 'Remove Laptop' }).waitFor()
    await expect.poll(() => asked(opened).at(-1)?.call).toBe('POST /api/auth/passkey/verify-authentication')
  })

  test('says that a passkey is not accepted, and lets the password be tried', async () => {
    await using opened = await open(
      ({ world }) => {
        world.account.knowsPasskeys = false
      },
      '/account',
      { host: 'localhost' },
    )
    const { page, server } = opened
    const authenticator = await addAuthenticator(page)
    await authenticator.touch(true)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await page.keyboard.press('Enter')
    await page.getByText('The passkey Laptop has been added.').waitFor()
    await authenticator.touch(false)
    server.world.me = null
    await page.reload()
    const button = page.getByRole('button', { name: 'Sign in with a passkey' })
    await button.waitFor()
    // What was asked before somebody is there to touch it goes unanswered.
    await authenticator.touch(true)
    await button.click()
    await page.getByRole('alert').getByText('The passkey was not accepted').waitFor()
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.getByLabel('Password', { exact: true }).fill('correct horse')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'My account' }).waitFor()
  })

  test('asks to sign in again where that was too long ago for a passkey', async () => {
    await using opened = await open(
      ({ world }) => {
        const detail = 'You signed in more than ten minutes ago. Sign in again.'
        world.refusals.set('GET /api/auth/passkey/generate-register-options', { code: 'forbidden', detail })
      },
      '/account',
      { host: 'localhost' },
    )
    const { page } = opened
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('more than ten minutes ago').waitFor()
    await page.getByRole('button', { name: 'Sign in again' }).click()
    await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
    await expect.poll(() => address(opened)).toBe('/account')
  })

  test('explains why no passkey can be added at an address that is a number', async () => {
    await using opened = await open()
    const { page, server } = opened
    await page.getByText('Browsers have no passkeys at 127.0.0.1').waitFor()
    expect(await page.getByRole('button', { name: 'Add a passkey' }).count()).toBe(0)
    await page.getByRole('link', { name: 'http://localhost' }).click()
    await page.getByRole('button', { name: 'Add a passkey' }).waitFor()
    expect(page.url()).toBe(`${server.url.replace('127.0.0.1', 'localhost')}/account`)
  })

  test('changes the password and empties the form', async () => {
    await using opened = await open(full)
    const { page } = opened
    const change = page.getByRole('button', { name: 'Change the password' })
    await change.click()
    await page.getByText('Enter your password.').waitFor()
    await page.getByText('A password has at least 10 characters.').waitFor()
    await page.getByLabel('Password until now', { exact: true }).fill('correct horse')
    await page.getByLabel('New password', { exact: true }).fill('a few words in a row')
    await change.click()
    await page.getByText('Your password is changed').waitFor()
    expect(await page.getByLabel('New password', { exact: true }).inputValue()).toBe('')
    const body = { password: 'correct horse', newPassword: 'a few words in a row' }
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/me/password', body }])
  })

  test.each([
    ['admin', 6],
    ['operator', 2],
    ['viewer', 1],
  ] as const)('lets an %s make a key with %i scopes at most, and shows it once', async (role, count) => {
    await using opened = await open(({ world }) => {
      world.me = { ...ada, role }
    })
    const { page } = opened
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog')
    await expect.poll(() => dialog.getByRole('checkbox').count()).toBe(count)
    await dialog.getByLabel('Name').fill('weather')
    await dialog.getByLabel('subscribe').check()
    await dialog.getByRole('button', { name: 'Create' }).click()
    const shown = dialog.getByLabel('Key', { exact: true })
    expect(await shown.inputValue()).toMatch(/^crl_9f/)
    expect(await shown.evaluate((input) => input === document.activeElement)).toBe(true)
    // It is lost with the dialog.
    await page.keyboard.press('Escape')
    await page.mouse.click(5, 300)
    await expect.poll(() => dialog.getByRole('button').allInnerTexts()).toEqual(['', 'Done'])
    expect(await shown.isVisible()).toBe(true)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Revoke weather' }).waitFor()
    expect(await page.content()).not.toContain('crl_9f3kq8m1')
  })

  test('the focus stays in the page when what had it is gone', async () => {
    await using opened = await open(full)
    const { page } = opened
    await opened.page.getByRole('button', { name: /^End Safari on iOS/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
  })

  test('a key that has expired is removed, not revoked', async () => {
    await using opened = await open((server) => {
      full(server)
      server.world.account.keys = [{ ...key, expiresAt: instant(-2 * day) }]
    })
    const { page } = opened
    await page.getByText(/expired 2 days ago/).waitFor()
    await press('Remove weather')(opened)
    await page.getByRole('dialog').getByText('It has expired and opens nothing').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('The key weather has been removed.').waitFor()
    await expect.poll(() => asked(opened)).toEqual([{ call: 'DELETE /api/v1/keys/k1', body: null }])
  })

  test('ends what a service may do', async () => {
    await using opened = await open(full)
    const { page } = opened
    await page.getByText('Know that it is you; see your e-mail address; publish where you may; since').waitFor()
    await press('End access of Duty rota')(opened)
    await page.getByRole('dialog').getByRole('button', { name: 'End access' }).click()
    await page.getByText('None. A service that wants').waitFor()
    await expect.poll(() => asked(opened)).toEqual([{ call: 'DELETE /api/v1/me/grants/rota', body: null }])
  })

  test('leads from the banner to the page where a second factor is set up', async () => {
    await using opened = await open(required(5 * day), '/')
    const { page } = opened
    await page.getByRole('link', { name: 'Set it up' }).click()
    await setUpTotp(page)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('Set up a second factor by').waitFor({ state: 'detached' })
  })

  test('closes every page to whoever is overdue, and opens it when the back-up codes are kept', async () => {
    await using opened = await open(required(-minute), '/live?channel=news:general')
    const { page } = opened
    await setUpTotp(page)
    // The tab is looked at again, and everything is asked anew.
    const again = page.waitForResponse((response) => response.url().endsWith('/api/v1/me/second-factor'))
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await again
    expect(await page.getByRole('list', { name: 'Back-up codes' }).isVisible()).toBe(true)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByRole('heading', { name: 'Nothing yet' }).waitFor()
    await expect.poll(() => address(opened)).toBe('/live?channel=news:general')
  })

  test('closes the page when the server refuses for want of a second factor, whatever the clock says', async () => {
    await using opened = await open(({ world }) => {
      const detail = 'Set up a second factor under My account first.'
      world.refusals.set('GET /api/v1/devices', { code: 'second_factor_required', detail })
    }, '/')
    const { page, server } = opened
    await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor()
    server.world.refusals.clear()
    await setUpTotp(page)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
  })
})
