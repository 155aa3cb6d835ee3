import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DeviceGrantView } from '#protocol/oauth.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import type { FakeServer } from './fake-server.ts'
import type { Watched } from './look.ts'
import { address, asked, faultsInEveryLook, heading, openConsole } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const query = '?client_id=rota&redirect_uri=https%3A%2F%2Frota.example.org%2Fcallback&state=a%20b%2Bc&sig=right'
const consentPath = `/oauth/consent${query}`
const devicePath = '/device?code=wdjbmjht'
const deviceGrant: DeviceGrantView = {
  client: { id: 'tv', name: 'Wall of the canteen' },
  scopes: [
    { name: 'openid', meaning: 'Know that it is you' },
    { name: 'subscribe', meaning: 'Receive what you may receive' },
  ],
  expiresAt: new Date(Date.now() + 10 * 60_000).toISOString(),
}
const withDevice = ({ world }: FakeServer) => {
  world.account.deviceGrant = deviceGrant
}

interface View {
  readonly path: string
  readonly world?: (server: FakeServer) => void
  /** Brings the page into the state that is looked at. */
  readonly act: (watched: Watched) => Promise<unknown>
}

const views: Readonly<Record<string, View>> = {
  consent: { path: consentPath, act: heading('Duty rota wants to act for you') },
  'consent-long': {
    path: consentPath,
    world: ({ world }) => {
      const name =
        'The duty rota of the whole northern district, with holidays, swaps and a telephone chain for the night'
      const redirectHost = 'a-rather-long-name-of-a-machine-in-a-building.rota.northern-district.example.org:8443'
      world.account.consent = { scopes: [], client: { id: 'rota', name, redirectHost } }
    },
    act: ({ page }) => page.getByText('It asks for nothing but').waitFor(),
  },
  'consent-changed': { path: '/oauth/consent?client_id=rota&sig=wrong', act: heading('This cannot be decided') },
  'consent-unavailable': {
    path: consentPath,
    world: ({ world }) => {
      world.refusals.set('GET /api/v1/oauth/consent', { code: 'unavailable', detail: 'The server is starting.' })
    },
    act: heading('Not now'),
  },
  'device-grant-code': { path: '/device', act: heading('Connect a device or program') },
  'device-grant': { path: devicePath, world: withDevice, act: heading('Wall of the canteen wants to act for you') },
  'device-grant-unknown': { path: devicePath, act: ({ page }) => page.getByRole('alert').waitFor() },
  'device-grant-allowed': {
    path: devicePath,
    world: withDevice,
    act: async (watched) => {
      await watched.page.getByRole('button', { name: 'Allow' }).click()
      await heading('Allowed')(watched)
    },
  },
  'device-grant-denied': {
    path: devicePath,
    world: withDevice,
    act: async (watched) => {
      await watched.page.getByRole('button', { name: 'Deny' }).click()
      await heading('Denied')(watched)
    },
  },
}

describeWith(['chromium'], 'what other services ask', () => {
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
  const open = (path: string, prepare?: (server: FakeServer) => void) => openConsole(browser, built, path, { prepare })

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, world, act } = views[name] as View
    await using opened = await open(path, world)
    await act(opened)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
    expect(await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  })

  test.each([
    ['Allow', true, '/arrived?code=1'],
    ['Deny', false, '/arrived?error=access_denied'],
  ])('%s leads on to where the server says, with the query as it came', async (name, accept, arrived) => {
    await using opened = await open(consentPath)
    const { page } = opened
    await page.getByText('rota.example.org').waitFor()
    await page.getByText('See your e-mail address').waitFor()
    await page.getByRole('button', { name }).press('Enter')
    await expect.poll(() => address(opened)).toBe(arrived)
    await expect.poll(() => asked(opened)).toEqual([{ call: 'POST /api/v1/oauth/consent', body: { query, accept } }])
  })

  test('says what the server refuses, and decides nothing by itself', async () => {
    await using opened = await open(consentPath, ({ world }) => {
      const detail = 'This could not be decided. Go back to the service and begin again.'
      world.refusals.set('POST /api/v1/oauth/consent', { code: 'bad_request', detail })
    })
    const { page } = opened
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('alert').getByText('Go back to the service').waitFor()
    await expect.poll(() => address(opened)).toBe(consentPath)
  })

  test('lets somebody else sign in and brings them back to what was asked', async () => {
    await using opened = await open(consentPath)
    const { page } = opened
    await page.getByText('Signed in as Ada Lovelace (ada@example.org)').waitFor()
    await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.getByLabel('Password', { exact: true }).fill('correct horse')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    await expect.poll(() => address(opened)).toBe(consentPath)
  })

  test.each([
    ['Allow', true, 'Allowed'],
    ['Deny', false, 'Denied'],
  ])('%s decides about a device, whose code was typed and is shown to compare', async (name, accept, said) => {
    await using opened = await open('/device', withDevice)
    const { page } = opened
    await page.getByLabel('Code it shows').pressSequentially('wdjbmjht')
    await page.keyboard.press('Enter')
    await page.locator('strong', { hasText: 'WDJB-MJHT' }).waitFor()
    await page.getByText('If somebody sent you this code or link, deny').waitFor()
    await expect.poll(() => address(opened)).toBe('/device?code=WDJB-MJHT')
    expect(asked(opened)).toEqual([])
    await page.getByRole('button', { name }).click()
    await page.getByRole('heading', { name: said }).waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(said)
    await expect
      .poll(() => asked(opened))
      .toEqual([{ call: 'POST /api/v1/oauth/device', body: { code: 'WDJB-MJHT', accept } }])
  })

  test.each([
    ['expired_code', 'This code has expired. Let the device show a new one.'],
    ['enrolment_decided', 'This code has been used. Let the device show a new one.'],
    ['rate_limited', 'You have tried too many codes. Try again in 17 seconds.'],
  ] as const)('says of a code that it is %s', async (code, detail) => {
    await using opened = await open(devicePath, ({ world }) => {
      world.refusals.set('GET /api/v1/oauth/device', { code, detail })
    })
    const { page } = opened
    await page.getByRole('alert').getByText(detail).waitFor()
    expect(await page.getByLabel('Code it shows').inputValue()).toBe('WDJB-MJHT')
  })
})
