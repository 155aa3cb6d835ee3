import { createOTP } from '@better-auth/utils/otp'
import * as openid from 'openid-client'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { passwordLink } from '#protocol/users.ts'
import { launchChromium } from '../support/chromium.ts'
import { setUpInConsole } from '../support/console-page.ts'
import { describeWith } from '../support/needs.ts'
import { registerClient } from '../support/oauth-browser.ts'
import { openServedConsole } from '../support/served-console.ts'
import { bearer, password, signIn } from '../support/server-process.ts'
import { addAuthenticator } from '../support/virtual-authenticator.ts'

const email = 'ada@example.org'

/** The pages about oneself, as a person uses them, against a server that runs. */
describeWith(['chromium'], 'my account in the console', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  const open = () => openServedConsole(browser)

  test('a second factor is set up, asked for, and its back-up codes open once', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    await setUpInConsole(page, server, email)
    await page.getByRole('link', { name: 'Set it up' }).click()
    await page.getByRole('button', { name: 'Set up an app' }).click()
    await page.getByLabel('Your password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Continue' }).click()
    const secret = (await page.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(' ', '')
    await page.getByLabel('First code').fill(await codeOf(secret, 0))
    await page.getByRole('button', { name: 'Turn on' }).click()
    const codes = page.getByRole('list', { name: 'Back-up codes' }).getByRole('listitem')
    await codes.first().waitFor()
    const [first = ''] = await codes.allTextContents()
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('10 back-up codes left').waitFor()
    expect(await page.getByLabel('Connection').textContent()).toBe('Online')

    await signOut(page)
    await givePassword(page)
    // The code that turned it on is used up; the one after it is good already.
    await giveCode(page, 'Code', await codeOf(secret, 30))
    await page.getByText('10 back-up codes left').waitFor()

    await signOut(page)
    await givePassword(page)
    await page.getByRole('button', { name: 'Use a back-up code' }).click()
    await giveCode(page, 'Back-up code', first)
    await page.getByText('9 back-up codes left').waitFor()

    await signOut(page)
    await givePassword(page)
    await page.getByRole('button', { name: 'Use a back-up code' }).click()
    await giveCode(page, 'Back-up code', first)
    await page.getByRole('alert').getByText('Wrong code').waitFor()
    expect(faults).toEqual([])
  })

  test('a passkey is added and opens the console, which the password alone does not any more', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    const setupLink = server.setupLink?.replace('127.0.0.1', 'localhost') ?? null
    await setUpInConsole(page, { setupLink }, email)
    const authenticator = await addAuthenticator(page)
    await authenticator.touch(true)
    await page.getByRole('link', { name: 'Set it up' }).click()
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name of the passkey').fill('Laptop')
    await page.keyboard.press('Enter')
    await page.getByText('Not used yet').waitFor()
    expect(await authenticator.passkeys()).toBe(1)

    await authenticator.touch(false)
    await signOut(page)
    await givePassword(page)
    await page.getByRole('alert').getByText('This account is not opened with a password alone.').waitFor()
    await authenticator.touch(true)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('Last used just now, added').waitFor()

    await page.getByRole('button', { name: 'Remove Laptop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('The passkey Laptop has been removed.').waitFor()
    await signOut(page)
    // The browser still offers it, and nobody knows it any more.
    await page.getByRole('alert').getByText('The passkey was not accepted').waitFor()
    await givePassword(page)
    await page.getByRole('heading', { name: 'My account' }).waitFor()
    expect(faults).toEqual([])
  })

  test('a service is let in after signing in, seen under My account, ended there, and denied', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    const { token } = await signIn(server, 'root@example.org', 'admin')
    await signIn(server, email, 'operator')
    const callback = 'https://dashboards.example.org/callback'
    const client = await registerClient(server, token, {
      ...{ kind: 'native', redirectUris: [callback], scopes: ['openid', 'email', 'publish'] },
    })
    await page.route(`${callback}*`, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Back</h1>' }))
    const authorize = new URL('/api/auth/oauth2/authorize', server.url)
    authorize.search = `${new URLSearchParams({
      ...{ response_type: 'code', client_id: client.id, redirect_uri: callback, scope: 'openid email publish' },
      ...{
        state: 'a b&c',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      },
    })}`

    await page.goto(authorize.href)
    await page.getByText('Then you go on to the service').waitFor()
    await givePassword(page)
    await page.getByRole('heading', { name: 'Dashboards wants to act for you' }).waitFor()
    await page.getByText('dashboards.example.org').waitFor()
    await page.getByText('Publish where you may').waitFor()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'Back' }).waitFor()
    const back = new URL(page.url()).searchParams
    expect(back.get('state')).toBe('a b&c')
    expect(back.get('code')).toMatch(/.{20,}/)

    await page.goto(`${server.url}/account`)
    await page.getByRole('button', { name: 'End access of Dashboards' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End access' }).click()
    await page.getByText('None. A service that wants to act for you asks you first.').waitFor()

    await page.goto(authorize.href)
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'Back' }).waitFor()
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')

    await page.goto(`${server.url}/oauth/consent?client_id=${client.id}&sig=changed`)
    await page.getByRole('heading', { name: 'This cannot be decided' }).waitFor()
    expect(faults).toEqual([])
  })

  test('something without a browser is let in by its code, and refused by it', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    const { token } = await signIn(server, 'root@example.org', 'admin')
    await signIn(server, email, 'operator')
    const { id } = await registerClient(server, token, { kind: 'device', name: 'Wall clock', scopes: ['subscribe'] })
    const options = { execute: [openid.allowInsecureRequests] }
    const issuer = new URL(`${server.url}/api/auth`)
    const config = await openid.discovery(issuer, id, undefined, openid.None(), options)
    const asked = await openid.initiateDeviceAuthorization(config, { scope: 'subscribe' })
    await page.goto(asked.verification_uri_complete ?? '')
    await givePassword(page)
    await page.getByRole('heading', { name: 'Wall clock wants to act for you' }).waitFor()
    await page.locator('strong', { hasText: asked.user_code }).waitFor()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'Allowed' }).waitFor()
    const tokens = await openid.pollDeviceAuthorizationGrant(config, asked)
    expect(await server.api('GET', '/api/v1/me', { headers: bearer(tokens.access_token) })).toMatchObject({
      body: { kind: 'grant' },
    })

    const refused = await openid.initiateDeviceAuthorization(config, { scope: 'subscribe' })
    await page.goto(refused.verification_uri)
    await page.getByLabel('Code it shows').fill(refused.user_code)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'Denied' }).waitFor()
    await page.goto(refused.verification_uri_complete ?? '')
    await page.getByRole('alert').getByText('This code has been used.').waitFor()
    await expect(openid.pollDeviceAuthorizationGrant(config, refused)).rejects.toMatchObject({ error: 'access_denied' })
    expect(faults).toEqual([])
  })

  test('other browsers and programs are seen, and signed out at once', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    await signIn(server, email, 'operator')
    await page.goto(`${server.url}/account`)
    await givePassword(page)
    const rows = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
    // The program that `signIn` was, and this browser.
    await expect.poll(() => rows.count()).toBe(2)
    expect(await rows.filter({ hasText: 'This one' }).textContent()).toMatch(
      /Chrom.* on .*127\.0\.0\.1, last used just now/,
    )

    const elsewhere = await browser.newContext()
    const other = await elsewhere.newPage()
    await other.goto(`${server.url}/account`)
    await givePassword(other)
    const program = await server.api('POST', '/api/v1/token', { body: { email, password } })
    const headers = bearer((program.body as { token: string }).token)
    await page.reload()
    await expect.poll(() => rows.count()).toBe(4)

    await page.getByRole('button', { name: 'Reset tokens of programs' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click()
    await page.getByText('2 sessions have ended.').waitFor()
    expect((await server.api('GET', '/api/v1/me', { headers })).status).toBe(401)
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('Nowhere but here.').waitFor()
    await other.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
    await elsewhere.close()
    expect(faults).toEqual([])
  })

  test('a key of one’s own is shown once, works, and is refused when it is revoked', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    await signIn(server, email, 'operator')
    await page.goto(`${server.url}/account`)
    await givePassword(page)
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('weather')
    await dialog.getByLabel('publish').check()
    await dialog.getByRole('button', { name: 'Create' }).click()
    const key = await dialog.getByLabel('Key', { exact: true }).inputValue()
    await dialog.getByRole('button', { name: 'Done' }).click()
    const publish = () =>
      server.api('POST', '/api/publish', {
        headers: { 'x-api-key': key },
        body: { channel: 'news:general', data: 'Rain' },
      })
    expect(await publish()).toMatchObject({ status: 200, body: { result: expect.anything() } })
    await page.getByRole('button', { name: 'Revoke weather' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('The key weather has been revoked.').waitFor()
    expect((await publish()).status).toBe(401)
    expect(faults).toEqual([])
  })

  test('a link chooses a password once, and the page says whose', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    const { token } = await signIn(server, 'root@example.org', 'admin')
    const { id } = await signIn(server, email, 'viewer')
    const made = await server.api('POST', `/api/v1/users/${id}/reset-password`, { headers: bearer(token) })
    const { link } = passwordLink.parse(made.body)
    await page.goto(link)
    expect(await page.getByLabel('Account', { exact: true }).inputValue()).toBe(email)
    const field = page.getByLabel('New password', { exact: true })
    await field.fill('ada@example.org')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('alert').waitFor()
    await field.fill('six geese over the harbour')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('link', { name: 'Go to sign-in' }).click()
    await givePassword(page, 'six geese over the harbour')
    await page.getByText('You look on as a viewer').waitFor()
    await page.goto(link)
    await page.getByRole('heading', { name: 'The link is no longer valid' }).waitFor()
    expect(faults).toEqual([])
  })

  test('whose role changes sees what is theirs now, without loading the page again', async () => {
    await using opened = await open()
    const { server, page, faults } = opened
    const admin = await signIn(server, 'grace@example.org', 'admin')
    const { id } = await signIn(server, email, 'viewer')
    await page.goto(server.url)
    await givePassword(page)
    await page.getByText('You look on as a viewer').waitFor()
    await page.getByText('Online', { exact: true }).waitFor()
    const change = { headers: bearer(admin.token), body: { role: 'admin' } }
    expect(await server.api('PATCH', `/api/v1/users/${id}`, change)).toMatchObject({ status: 200 })
    await page.getByRole('link', { name: 'Users' }).waitFor()
    expect(faults).toEqual([])
  })
})

async function givePassword(page: Page, given = password): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(given)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function giveCode(page: Page, label: string, code: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(code)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account: / }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
}

/** What an authenticator app shows that was given this secret. */
function codeOf(secret: string, laterSeconds: number): Promise<string> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  return createOTP(bytes).hotp(Math.floor((Date.now() / 1000 + laterSeconds) / 30))
}
