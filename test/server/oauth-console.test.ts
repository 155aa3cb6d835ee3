import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as openid from 'openid-client'
import { expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { closeHttp } from '../support/close-http.ts'
import { describeWith } from '../support/needs.ts'
import { registerClient } from '../support/oauth-browser.ts'
import { bearer, password, signIn, startServerProcess } from '../support/server-process.ts'

describeWith(['chromium'], 'a service in a real browser', () => {
  test('is let in by somebody who signs in and consents on the console’s pages, and is not asked again', async () => {
    await using server = await startServerProcess()
    const admin = await signIn(server, 'ada@example.org', 'admin')
    await signIn(server, 'grace@example.org', 'operator')
    await using callback = await startCallback()
    const client = await registerClient(server, admin.token, {
      ...{ kind: 'web', redirectUris: [callback.url], scopes: ['openid', 'publish'] },
    })
    const issuer = new URL(`${server.url}/api/auth`)
    const insecure = { execute: [openid.allowInsecureRequests] }
    const config = await openid.discovery(issuer, client.id, client.secret ?? '', undefined, insecure)
    const verifier = openid.randomPKCECodeVerifier()
    const [state, nonce] = [openid.randomState(), openid.randomNonce()]
    const asked = openid.buildAuthorizationUrl(config, {
      ...{ redirect_uri: callback.url, scope: 'openid publish', state, nonce, code_challenge_method: 'S256' },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    })
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      await page.goto(asked.href)
      await page.getByLabel('E-mail').fill('grace@example.org')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('heading', { name: 'Dashboards wants to act for you' }).waitFor()
      await page.getByText('Publish where you may').waitFor()
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.getByText('back at the service').waitFor()
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
      const tokens = await openid.authorizationCodeGrant(config, new URL(page.url()), checks)
      const me = () => server.api('GET', '/api/v1/me', { headers: bearer(tokens.access_token) })
      expect(await me()).toMatchObject({ status: 200, body: { kind: 'grant', role: 'operator' } })

      // A second time nobody is asked anything.
      await page.goto(asked.href)
      await page.getByText('back at the service').waitFor()

      await page.goto(`${server.url}/oauth/consent?error=invalid_redirect`)
      await page.getByText('an address that is not registered').waitFor()
    } finally {
      await browser.close()
    }
  })
})

/** Where the service would take the browser back. */
async function startCallback() {
  const server = createServer((_request, response) => response.end('back at the service'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    async [Symbol.asyncDispose]() {
      await closeHttp(server)
    },
  }
}
