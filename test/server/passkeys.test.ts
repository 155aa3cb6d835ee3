import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { password, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

/** Real ceremonies: Chromium with an authenticator of its own, at localhost, where browsers have passkeys without TLS. */
describeWith(['chromium'], 'passkeys', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  test('a passkey that was added signs in without a password, ends the session before it, and can be removed', async () => {
    await using server = await startServerProcess()
    await signIn(server, 'ada@example.org', 'admin')
    await using tab = await openTab(browser, server)
    expect(await tab.ask('GET', '/api/auth/passkey/generate-register-options')).toMatchObject({ status: 401 })
    await tab.signIn()
    expect(await tab.addPasskey('Blue key')).toMatchObject({ status: 200, body: { name: 'Blue key' } })
    const before = await tab.cookie()
    expect(await tab.signInWithPasskey()).toEqual({ status: 200, body: {} })
    const after = await tab.cookie()
    expect(after).not.toBe(before)
    const me = (cookie: string) => server.api('GET', '/api/v1/me', { headers: { cookie } })
    expect((await me(before)).status).toBe(401)
    expect((await me(after)).body).toMatchObject({ email: 'ada@example.org' })
    const { body } = await tab.ask('GET', '/api/v1/me/second-factor')
    const { passkeys } = body as { passkeys: { id: string }[] }
    expect(passkeys).toMatchObject([{ name: 'Blue key', lastUsedAt: expect.any(String) }])
    const [{ id }] = passkeys as [{ id: string }]
    expect(await tab.ask('DELETE', `/api/v1/me/passkeys/${id}`)).toMatchObject({ status: 204 })
    expect(await tab.signInWithPasskey()).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } })
    expect((await me(after)).status).toBe(200)
  })

  test('a passkey without finger or PIN is none: it counts as two factors', async () => {
    await using server = await startServerProcess()
    await signIn(server, 'ada@example.org', 'admin')
    await using tab = await openTab(browser, server)
    await tab.signIn()
    await tab.addPasskey('Blue key')
    await tab.unverified()
    expect(await tab.signInWithPasskey()).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } })
  })

  test('whoever is disabled is not let in by a passkey, and an answer is good once', async () => {
    await using server = await startServerProcess()
    await signIn(server, 'ada@example.org', 'admin')
    await signIn(server, 'eve@example.org', 'admin')
    await using tab = await openTab(browser, server)
    await tab.signIn()
    await tab.addPasskey('Blue key')
    const answer = await tab.presentPasskey()
    const verify = () => tab.ask('POST', '/api/auth/passkey/verify-authentication', { response: answer })
    expect(await verify()).toMatchObject({ status: 200 })
    expect(await verify()).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } })
    await server.cli(['user', 'disable', 'ada@example.org'])
    expect(await tab.signInWithPasskey()).toMatchObject({ status: 403, body: { code: 'account_disabled' } })
    // With the factor that the administrator took away the way in is gone, too.
    await server.cli(['user', 'enable', 'ada@example.org'])
    expect(await server.cli(['user', 'reset-2fa', 'ada@example.org'])).toMatchObject({ code: 0 })
    expect(await tab.signInWithPasskey()).toMatchObject({ status: 401 })
  })

  test('where there can be no passkeys the answer says where there are', async () => {
    await using server = await startServerProcess()
    const refused = await server.api('GET', '/api/auth/passkey/generate-authenticate-options')
    expect(refused).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/no passkeys at 127\.0\.0\.1:\d+\. Open http:\/\/localhost:\d+ instead/) },
    })
    await using plain = await startServerProcess({ env: { CARILLON_PUBLIC_URL: 'http://192.0.2.1:8750' } })
    const never = await plain.api('GET', '/api/auth/passkey/generate-authenticate-options')
    expect(never).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/https address with a name/) } })
  })
})

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A page of the server's own, with an authenticator that verifies whoever holds it. */
async function openTab(browser: Browser, server: ServerProcess) {
  // The page is none of the console's, and what it does here is not its own: that is what the policy is against.
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  await page.goto(`${server.url.replace('127.0.0.1', 'localhost')}/openapi.json`)
  const session: CDPSession = await context.newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
  const ask = (method: string, path: string, body?: unknown) => askIn(page, method, path, body)
  async function presentPasskey(): Promise<unknown> {
    const { body } = await ask('GET', '/api/auth/passkey/generate-authenticate-options')
    return page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
      return ((await navigator.credentials.get({ publicKey })) as PublicKeyCredential).toJSON()
    }, body as PublicKeyCredentialRequestOptionsJSON)
  }
  return {
    ask,
    presentPasskey,
    signIn: () => ask('POST', '/api/v1/sign-in', { email: 'ada@example.org', password }),
    async cookie() {
      const cookies = await context.cookies()
      return cookies.map(({ name, value }) => `${name}=${value}`).find((each) => /session_token/.test(each)) ?? ''
    },
    async addPasskey(name: string): Promise<Answer> {
      const { body } = await ask('GET', '/api/auth/passkey/generate-register-options')
      const response = await page.evaluate(async (options) => {
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
        return ((await navigator.credentials.create({ publicKey })) as PublicKeyCredential).toJSON()
      }, body as PublicKeyCredentialCreationOptionsJSON)
      return ask('POST', '/api/auth/passkey/verify-registration', { response, name })
    },
    async signInWithPasskey(): Promise<Answer> {
      return ask('POST', '/api/auth/passkey/verify-authentication', { response: await presentPasskey() })
    },
    /** From now on whoever holds it is not asked who they are, and says so. */
    async unverified() {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
      const lax = await session.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: false },
          automaticPresenceSimulation: true,
        },
      })
      for (const credential of credentials)
        await session.send('WebAuthn.addCredential', { authenticatorId: lax.authenticatorId, credential })
      // The page does not say that it wants to know either.
      await page.evaluate(() => {
        const parse = PublicKeyCredential.parseRequestOptionsFromJSON.bind(PublicKeyCredential)
        PublicKeyCredential.parseRequestOptionsFromJSON = (options) =>
          parse({ ...options, userVerification: 'discouraged' })
      })
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
}

function askIn(page: Page, method: string, path: string, body: unknown): Promise<Answer> {
  return page.evaluate(
    async (request) => {
      const response = await fetch(request.path, {
        method: request.method,
        ...(request.body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request.body),
        }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) }
    },
    { method, path, body },
  )
}
