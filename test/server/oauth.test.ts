import * as openid from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, registerClient } from '../support/oauth-browser.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

/** What openid-client, which is not ours, does against a server that runs. */
let server: ServerProcess
let admin: { id: string; token: string }
const callback = 'https://dashboards.example.org/callback'
const insecure = { execute: [openid.allowInsecureRequests] }

beforeAll(async () => {
  server = await startServerProcess()
  admin = await signIn(server, 'ada@example.org', 'admin')
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

async function discover(client: { id: string; secret: string | null }): Promise<openid.Configuration> {
  const issuer = new URL(`${server.url}/api/auth`)
  const authentication = client.secret === null ? openid.None() : undefined
  return openid.discovery(issuer, client.id, client.secret ?? undefined, authentication, insecure)
}

test('a service is let in with a code and PKCE, refreshes, is introspected and revoked', async () => {
  const grace = await signIn(server, 'grace@example.org', 'operator')
  const scopes = ['openid', 'email', 'profile', 'offline_access', 'publish']
  const client = await registerClient(server, admin.token, { kind: 'web', redirectUris: [callback], scopes })
  const config = await discover(client)
  const browser = openBrowser(server)
  const { tokens, url } = await letIn(config, browser, 'grace@example.org', scopes.join(' '))
  expect(url.searchParams.get('iss')).toBe(`${server.url}/api/auth`)
  expect(tokens.claims()).toMatchObject({ sub: grace.id, aud: client.id })
  expect(tokens.scope?.split(' ').sort()).toEqual([...scopes].sort())
  expect(await openid.fetchUserInfo(config, tokens.access_token, grace.id)).toMatchObject({
    email: 'grace@example.org',
  })

  expect(await publish(tokens.access_token)).toMatchObject({ status: 200, body: { result: expect.anything() } })
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
  expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({
    active: true,
    client_id: client.id,
    sub: grace.id,
  })
  await openid.tokenRevocation(config, refreshed.refresh_token ?? '')
  for (const token of [tokens.access_token, refreshed.access_token, refreshed.refresh_token ?? '']) {
    expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false })
  }
  expect(await publish(refreshed.access_token)).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
  await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  })
})

async function letIn(
  config: openid.Configuration,
  browser: ReturnType<typeof openBrowser>,
  email: string,
  scope: string,
) {
  const verifier = openid.randomPKCECodeVerifier()
  const [state, nonce] = [openid.randomState(), openid.randomNonce()]
  const asked = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    ...{ scope, state, nonce },
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const url = await browser.authorize(asked, email)
  const hasId = scope.split(' ').includes('openid')
  const checks = { pkceCodeVerifier: verifier, expectedState: state, ...(hasId && { expectedNonce: nonce }) }
  return { url, tokens: await openid.authorizationCodeGrant(config, url, checks) }
}

function publish(token: string, channel = 'news:board') {
  return server.api('POST', '/api/publish', { body: { channel, data: { hello: 1 } }, headers: bearer(token) })
}
