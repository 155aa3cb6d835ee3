import * as openid from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, registerClient } from '../support/oauth-browser.ts'
import { next, sdkClient } from '../support/sdk-client.ts'
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

test('a service is let in with a code and PKCE, refreshes, is introspected and revoked', async () => {
  const grace = await signIn(server, 'grace@example.org', 'operator')
  const { client, config } = await web(['openid', 'email', 'profile', 'offline_access', 'publish'])
  const { tokens, url } = await letIn(config, 'grace@example.org', 'openid email profile offline_access publish')
  expect(url.searchParams.get('iss')).toBe(`${server.url}/api/auth`)
  expect(tokens.claims()).toMatchObject({ sub: grace.id, aud: client.id })
  expect(await openid.fetchUserInfo(config, tokens.access_token, grace.id)).toMatchObject({
    email: 'grace@example.org',
  })
  expect(await publish(tokens.access_token)).toMatchObject({ status: 200, body: { result: expect.anything() } })

  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
  expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({
    ...{ active: true, client_id: client.id, sub: grace.id },
  })
  expect(await openid.tokenIntrospection(config, refreshed.refresh_token ?? '')).toMatchObject({ active: true })

  await openid.tokenRevocation(config, refreshed.refresh_token ?? '')
  for (const token of [tokens.access_token, refreshed.access_token, refreshed.refresh_token ?? '']) {
    expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false })
  }
  expect(await publish(refreshed.access_token)).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
  await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject(invalidGrant)
  for (const secret of [tokens.access_token, tokens.refresh_token, client.secret]) {
    expect(server.output()).not.toContain(secret)
  }
})

test('a machine gets a token for itself, publishes and subscribes with it, and is cut off with its socket', async () => {
  const client = await registerClient(server, admin.token, {
    ...{ kind: 'service', name: 'Weather', scopes: ['publish', 'subscribe'] },
  })
  const config = await discover(client)
  const token = (await openid.clientCredentialsGrant(config, { scope: 'publish subscribe' })).access_token
  expect(await server.api('GET', '/api/v1/me', { headers: bearer(token) })).toMatchObject({
    ...{ status: 200, body: { kind: 'grant', name: 'Weather', role: 'operator' } },
  })
  expect(await publish(token)).toMatchObject({ status: 200, body: { result: expect.anything() } })
  const onlyPublish = await openid.clientCredentialsGrant(config, { scope: 'publish' })
  expect(
    await server.api('POST', '/api/history', {
      ...{ body: { channel: 'news:board' }, headers: bearer(onlyPublish.access_token) },
    }),
  ).toMatchObject({ status: 403 })
  await expect(openid.clientCredentialsGrant(config, { scope: 'devices' })).rejects.toMatchObject({
    error: 'invalid_scope',
  })

  using sdk = sdkClient(server, { getToken: async () => token })
  const connected = next(sdk.client as never, 'connected')
  sdk.client.connect()
  await connected
  const gone = next<{ code: number }>(sdk.client as never, 'disconnected')
  await openid.tokenRevocation(config, token)
  expect(await gone).toMatchObject({ code: 3503 })

  await expect(
    openid.clientCredentialsGrant(await discover({ ...client, secret: `${client.secret}x` })),
  ).rejects.toMatchObject({ error: 'invalid_client' })
  const basic = await discover(client, openid.ClientSecretBasic(client.secret ?? ''))
  const last = (await openid.clientCredentialsGrant(basic)).access_token
  await change(client.id, { disabled: true })
  expect(await publish(last)).toMatchObject({ status: 401 })
  await expect(openid.clientCredentialsGrant(config)).rejects.toMatchObject({ error: 'invalid_client' })
})

test('a device without a browser is let in by a code, or refused', async () => {
  await signIn(server, 'dora@example.org', 'operator')
  const client = await registerClient(server, admin.token, {
    ...{ kind: 'device', name: 'Wall clock', scopes: ['publish', 'offline_access'] },
  })
  const config = await discover(client)
  const browser = openBrowser(server)
  await browser.signIn('dora@example.org')

  const asked = await openid.initiateDeviceAuthorization(config, { scope: 'publish offline_access' })
  expect(asked.verification_uri_complete).toBe(`${server.url}/device?code=${asked.user_code}`)
  const poll = () => token({ grant_type: deviceGrant, device_code: asked.device_code, client_id: client.id })
  expect(await poll()).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
  expect(await poll()).toMatchObject({ status: 400, body: { error: 'slow_down' } })
  expect(await browser.api('GET', `/api/v1/oauth/device?code=${asked.user_code}`)).toMatchObject({
    status: 200,
    body: { client: { name: 'Wall clock' }, scopes: [{ name: 'publish' }, { name: 'offline_access' }] },
  })
  // Who may publish nowhere is not told that it publishes.
  await signIn(server, 'ivy@example.org', 'viewer')
  const onlooker = openBrowser(server)
  await onlooker.signIn('ivy@example.org')
  expect(await onlooker.api('GET', `/api/v1/oauth/device?code=${asked.user_code}`)).toMatchObject({
    body: { scopes: [{ name: 'publish', meaning: expect.stringMatching(/nowhere/) }, { name: 'offline_access' }] },
  })
  const typed = asked.user_code.toLowerCase().replace('-', ' ')
  const decide = (code: string, accept: boolean) => browser.api('POST', '/api/v1/oauth/device', { code, accept })
  expect(await decide(typed, true)).toMatchObject({ status: 204 })
  expect(await decide(typed, false)).toMatchObject({ status: 409, body: { code: 'enrolment_decided' } })
  const tokens = await openid.pollDeviceAuthorizationGrant(config, asked)
  expect(await publish(tokens.access_token)).toMatchObject({ status: 200 })
  expect(await poll()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
  expect(await publish(refreshed.access_token)).toMatchObject({ status: 200 })

  const refused = await openid.initiateDeviceAuthorization(config, {})
  await decide(refused.user_code, false)
  await expect(openid.pollDeviceAuthorizationGrant(config, refused)).rejects.toMatchObject({ error: 'access_denied' })
  expect(await decide('BBBB-BBBB', true)).toMatchObject({ status: 404, body: { code: 'unknown_code' } })
  const stranger = form({ client_id: 'carillon-desktop' })
  expect(await post('/api/auth/oauth2/device_authorization', stranger)).toMatchObject({
    ...{ status: 400, body: { error: 'invalid_client' } },
  })
  expect(await decide(asked.user_code, true)).not.toMatchObject({ status: 204 })
  const foreign = { origin: 'https://evil.example.org' }
  expect(await browser.api('POST', '/api/v1/oauth/device', { code: typed, accept: true }, foreign)).toMatchObject({
    ...{ status: 403, body: { code: 'wrong_origin' } },
  })
})

test('a code is good once, for who asked for it, with the verifier and the address it was asked with', async () => {
  await signIn(server, 'carla@example.org', 'operator')
  const { client, config } = await web(['publish'])
  const other = await web(['publish'])
  const attempts = {
    'another verifier': { code_verifier: openid.randomPKCECodeVerifier() },
    'no verifier': { code_verifier: undefined },
    'another address': { redirect_uri: 'https://dashboards.example.org/other' },
    'another client': { client_id: other.client.id, client_secret: other.client.secret ?? '' },
  }
  for (const [what, wrong] of Object.entries(attempts)) {
    const asked = await code(config, client, 'carla@example.org')
    const answer = await token({ ...asked, ...wrong })
    expect({ what, ...answer }).toMatchObject({ what, status: 400, body: { error: expect.any(String) } })
    // What was tried with wrongly is used up.
    expect(await token(asked)).toMatchObject({ status: 400, body: invalidGrant })
  }
  const wrongSecret = await code(config, client, 'carla@example.org')
  expect(await token({ ...wrongSecret, client_secret: 'crs_wrong' })).toMatchObject({
    ...{ status: 401, body: { error: 'invalid_client' } },
  })

  const asked = await code(config, client, 'carla@example.org')
  const { body } = await token(asked)
  const access = String(body.access_token)
  using sdk = sdkClient(server, { getToken: async () => access })
  const connected = next(sdk.client as never, 'connected')
  sdk.client.connect()
  await connected
  const gone = next<{ code: number }>(sdk.client as never, 'disconnected')
  expect(await token(asked)).toMatchObject({ status: 400, body: invalidGrant })
  expect(await gone).toMatchObject({ code: 3503 })
  expect(await publish(access)).toMatchObject({ status: 401 })
})

test('what is asked for wrongly leads back with an error, or nowhere', async () => {
  const { client, config } = await web(['publish'])
  const browser = openBrowser(server)
  const verifier = openid.randomPKCECodeVerifier()
  const challenge = await openid.calculatePKCECodeChallenge(verifier)
  const good = { redirect_uri: callback, scope: 'publish', code_challenge: challenge, code_challenge_method: 'S256' }
  const go = async (wrong: Record<string, string | undefined>) => {
    const parameters = Object.entries({ ...good, ...wrong }).filter(([, value]) => value !== undefined)
    return (await browser.go(openid.buildAuthorizationUrl(config, Object.fromEntries(parameters)))).location
  }
  const toClient = [
    { code_challenge: undefined, code_challenge_method: undefined },
    { code_challenge: verifier, code_challenge_method: 'plain' },
    { scope: 'publish admin' },
    { response_type: 'token' },
    { request: 'eyJhbGciOiJub25lIn0.e30.' },
  ]
  for (const wrong of toClient) {
    const location = await go(wrong)
    const said = `${location?.search}${location?.hash}`
    expect({ wrong, to: location?.origin, error: /[?#&]error=/.test(said) }).toEqual({
      ...{ wrong, to: 'https://dashboards.example.org', error: true },
    })
  }
  const nowhere = [
    { redirect_uri: 'https://evil.example.org/callback' },
    { redirect_uri: `${callback}/more` },
    { redirect_uri: `${callback}#fragment` },
    { client_id: 'nobody' },
  ]
  for (const wrong of nowhere) {
    const location = await go(wrong)
    expect({ wrong, to: location?.origin, path: location?.pathname }).toEqual({
      ...{ wrong, to: server.url, path: '/oauth/consent' },
    })
    expect(await browser.api('GET', `/api/v1/oauth/consent${location?.search}`)).toMatchObject({ status: 400 })
  }
  await change(client.id, { disabled: true })
  expect((await go({}))?.searchParams.get('error')).toBe('client_disabled')
})

test('somebody consents to a client and its scopes once, can refuse, and can take it back', async () => {
  await signIn(server, 'cleo@example.org', 'operator')
  const { client, config } = await web(['publish', 'subscribe', 'offline_access'])
  const browser = openBrowser(server)
  await browser.signIn('cleo@example.org')
  const url = async (scope: string) =>
    openid.buildAuthorizationUrl(config, {
      ...{ redirect_uri: callback, scope, state: 's', code_challenge_method: 'S256' },
      code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
    })
  const { location } = await browser.go(await url('publish'))
  expect(location?.pathname).toBe('/oauth/consent')
  const query = location?.search ?? ''
  expect(await browser.api('GET', `/api/v1/oauth/consent${query}`)).toMatchObject({
    ...{ status: 200, body: { client: { name: 'Dashboards', redirectHost: 'dashboards.example.org' } } },
  })
  const changed = query.replace('scope=publish', 'scope=publish+subscribe')
  expect(changed).not.toBe(query)
  expect(await browser.api('GET', `/api/v1/oauth/consent${changed}`)).toMatchObject({ status: 400 })
  const consent = (given: string, accept: boolean, headers = {}) =>
    browser.api('POST', '/api/v1/oauth/consent', { query: given, accept }, headers)
  expect(await consent(changed, true)).toMatchObject({ status: 400 })
  expect(await consent(query, true, { origin: 'https://evil.example.org' })).toMatchObject({ status: 403 })
  const { body } = await consent(query, false)
  expect(new URL(String(body.url)).searchParams.get('error')).toBe('access_denied')
  expect((await browser.go(await url('publish'))).location?.pathname).toBe('/oauth/consent')

  expect(new URL(String((await consent(query, true)).body.url)).searchParams.get('code')).not.toBe(null)
  expect((await browser.go(await url('publish'))).location?.searchParams.get('code')).not.toBe(null)
  expect((await browser.go(await url('publish subscribe'))).location?.pathname).toBe('/oauth/consent')
  expect(await browser.api('GET', '/api/v1/me/grants')).toMatchObject({
    ...{ status: 200, body: { items: [{ clientId: client.id, name: 'Dashboards', scopes: ['publish'] }] } },
  })

  const { tokens } = await letIn(config, 'cleo@example.org', 'publish offline_access')
  expect(await browser.api('DELETE', `/api/v1/me/grants/${client.id}`)).toMatchObject({ status: 204 })
  expect(await publish(tokens.access_token)).toMatchObject({ status: 401 })
  await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject(invalidGrant)
  expect((await browser.go(await url('publish'))).location?.pathname).toBe('/oauth/consent')
  expect(await browser.api('DELETE', `/api/v1/me/grants/${client.id}`)).toMatchObject({ status: 404 })
})

test('who has to sign in anew does so once, and goes on from there', async () => {
  await signIn(server, 'anew@example.org', 'viewer')
  const { config } = await web(['openid'])
  const browser = openBrowser(server)
  await browser.signIn('anew@example.org')
  const verifier = openid.randomPKCECodeVerifier()
  const asked = openid.buildAuthorizationUrl(config, {
    ...{ redirect_uri: callback, scope: 'openid', prompt: 'login', code_challenge_method: 'S256' },
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
  })
  const { location } = await browser.go(asked)
  expect(location?.pathname).toBe('/sign-in')
  const onwards = `${server.url}/api/auth/oauth2/authorize${location?.search}`
  expect((await browser.go(onwards)).location?.pathname).toBe('/sign-in')
  await browser.signIn('anew@example.org')
  expect((await browser.go(onwards)).location?.pathname).toBe('/oauth/consent')
})

test('a refresh token that is used twice ends all it was for, and two refreshes that cross do not', async () => {
  await signIn(server, 'rita@example.org', 'operator')
  const { client, config } = await web(['publish', 'offline_access'])
  const { tokens } = await letIn(config, 'rita@example.org', 'publish offline_access')
  const refresh = (refresh_token: string) =>
    token({ grant_type: 'refresh_token', refresh_token, ...credentials(client) })
  const crossed = await Promise.all(Array.from({ length: 5 }, () => refresh(tokens.refresh_token ?? '')))
  const [winner, ...others] = crossed.toSorted((a, b) => a.status - b.status)
  expect(winner).toMatchObject({ status: 200 })
  for (const other of others) expect(other).toMatchObject({ status: 400, body: invalidGrant })
  const access = String(winner?.body.access_token)
  expect(await publish(access)).toMatchObject({ status: 200 })
  // What is refused as crossed is not yet a theft; a moment later it is.
  await expect
    .poll(() => refresh(tokens.refresh_token ?? ''), { timeout: 10_000, interval: 500 })
    .toMatchObject({ body: { error_description: expect.stringMatching(/used before/) } })
  expect(await publish(access)).toMatchObject({ status: 401 })
  expect(await refresh(String(winner?.body.refresh_token))).toMatchObject({ status: 400, body: invalidGrant })
})

test('a token does what both its scopes and the role of the person allow', async () => {
  const vera = await signIn(server, 'vera@example.org', 'viewer')
  const { config } = await web(['openid', 'publish', 'subscribe'])
  const { tokens } = await letIn(config, 'vera@example.org', 'openid publish')
  const access = tokens.access_token
  expect(await server.api('GET', '/api/v1/me', { headers: bearer(access) })).toMatchObject({
    body: { kind: 'grant', id: vera.id, role: 'viewer' },
  })
  expect(await publish(access)).not.toMatchObject({ body: { result: expect.anything() } })
  const forbidden = [
    ['GET', '/api/v1/channels'],
    ['GET', '/api/v1/stars'],
    ['GET', '/api/v1/users'],
    ['GET', '/api/v1/oauth/clients'],
    ['GET', '/api/v1/me/grants'],
    ['POST', '/api/v1/access-tokens'],
    ['DELETE', '/api/v1/token'],
  ] as const
  for (const [method, path] of forbidden) {
    const { status } = await server.api(method, path, { headers: bearer(access) })
    expect({ path, status }).toEqual({ path, status: 403 })
  }
  // Neither the ID token nor anything made of tokens opens a door.
  const id = tokens.id_token ?? ''
  const [header = '', payload = '', signature = ''] = id.split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  const hmac = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url')
  const wrong = [id, `${none}.${payload}.`, `${hmac}.${payload}.${signature}`, `${header}.${payload}`]
  for (const each of [...wrong, `${access}x`, access.slice(0, -1), 'cro_', tokens.access_token.toUpperCase()]) {
    expect({ each, ...(await publish(each)) }).toMatchObject({ each, status: 401, body: { code: 'invalid_token' } })
    expect(await openid.tokenIntrospection(config, each)).toEqual({ active: false })
    await openid.tokenRevocation(config, each)
  }
  using sdk = sdkClient(server, { getToken: async () => id })
  const gone = next<{ code: number }>(sdk.client as never, 'disconnected')
  sdk.client.connect()
  expect(await gone).toMatchObject({ code: 3500 })
  const other = await web(['publish'])
  expect(await openid.tokenIntrospection(other.config, access)).toEqual({ active: false })
  await openid.tokenRevocation(other.config, access)
  expect(await openid.tokenIntrospection(config, access)).toMatchObject({ active: true })
})

test('a person who is disabled is out everywhere at once, and the sockets of services with them', async () => {
  const otto = await signIn(server, 'otto@example.org', 'operator')
  const { config } = await web(['subscribe', 'offline_access'])
  const { tokens } = await letIn(config, 'otto@example.org', 'subscribe offline_access')
  using sdk = sdkClient(server, { getToken: async () => tokens.access_token })
  const connected = next(sdk.client as never, 'connected')
  sdk.client.connect()
  await connected
  const gone = next<{ code: number }>(sdk.client as never, 'disconnected')
  const disabled = performance.now()
  await server.api('POST', `/api/v1/users/${otto.id}/disable`, { headers: bearer(admin.token) })
  expect(await gone).toMatchObject({ code: 3503 })
  expect(performance.now() - disabled).toBeLessThan(1000)
  await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject(invalidGrant)
  expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })
  await server.api('POST', `/api/v1/users/${otto.id}/enable`, { headers: bearer(admin.token) })
  await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject(invalidGrant)
})

test('with the session ends what came of it, unless it was granted for longer', async () => {
  await signIn(server, 'sam@example.org', 'operator')
  const { config } = await web(['publish', 'offline_access'])
  const browser = openBrowser(server)
  const short = await letIn(config, 'sam@example.org', 'publish', browser)
  const long = await letIn(config, 'sam@example.org', 'publish offline_access', browser)
  await browser.api('POST', '/api/auth/sign-out', {})
  for (const { tokens } of [short, long]) {
    expect(await publish(tokens.access_token)).toMatchObject({ status: 401 })
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })
  }
  const refreshed = await openid.refreshTokenGrant(config, long.tokens.refresh_token ?? '')
  expect(await publish(refreshed.access_token)).toMatchObject({ status: 200 })
})

test('who has the role registers clients, and nobody else, at no address', async () => {
  const vic = await signIn(server, 'vic@example.org', 'viewer')
  const olaf = await signIn(server, 'olaf@example.org', 'operator')
  const body = { name: 'Mine', kind: 'web', redirectUris: [callback], scopes: ['publish'] }
  for (const { token } of [vic, olaf]) {
    const answer = await server.api('POST', '/api/v1/oauth/clients', { body, headers: bearer(token) })
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  }
  const browser = openBrowser(server)
  await browser.signIn('vic@example.org')
  const direct = { client_name: 'Mine', redirect_uris: [callback] }
  for (const path of [
    'create-client',
    'register',
    'get-clients',
    'update-client',
    'consent',
    'continue',
    'delete-client',
  ]) {
    const { status } = await browser.api('POST', `/api/auth/oauth2/${path}`, direct)
    expect({ path, status }).toEqual({ path, status: 404 })
  }
  for (const path of [
    'admin/oauth2/create-client',
    'device/code',
    'device/approve',
    'device/token',
    'oauth2/end-session',
  ]) {
    const { status } = await browser.api('POST', `/api/auth/${path}`, direct)
    expect({ path, status }).toEqual({ path, status: 404 })
  }
  const wrong = [
    { redirectUris: [] },
    { redirectUris: ['http://dashboards.example.org/callback'] },
    { redirectUris: ['https://*.example.org/callback'] },
    { redirectUris: [`${callback}#x`] },
    { redirectUris: ['javascript:alert(1)'] },
    { redirectUris: ['org.example.app:/callback'] },
    { redirectUris: ['https://user@dashboards.example.org/'] },
    { kind: 'service' },
    { kind: 'service', redirectUris: [], scopes: ['openid'] },
    { scopes: ['admin'] },
  ]
  for (const each of wrong) {
    const answer = await server.api('POST', '/api/v1/oauth/clients', {
      ...{ body: { ...body, ...each }, headers: bearer(admin.token) },
    })
    expect({ each, status: answer.status }).toEqual({ each, status: 400 })
  }
  const native = { kind: 'native', redirectUris: ['org.example.app:/callback', 'http://127.0.0.1/callback'] }
  expect(await registerClient(server, admin.token, { ...native, scopes: ['publish'] })).toMatchObject({ secret: null })
})

test('a client is changed, its secret exchanged, and removed with all it was let do', async () => {
  await signIn(server, 'mona@example.org', 'operator')
  const { client, config } = await web(['publish', 'offline_access'])
  const { tokens } = await letIn(config, 'mona@example.org', 'publish offline_access')
  const call = (method: string, path = '', body?: unknown) =>
    server.api(method, `/api/v1/oauth/clients/${client.id}${path}`, {
      ...{ headers: bearer(admin.token), ...(body !== undefined && { body }) },
    })
  expect(await call('PATCH', '', { name: 'Boards' })).toMatchObject({ status: 200, body: { name: 'Boards' } })
  expect(await publish(tokens.access_token)).toMatchObject({ status: 200 })
  const { body: rotated } = await call('POST', '/rotate-secret')
  await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_client',
  })
  const renewed = await discover({ id: client.id, secret: (rotated as { secret: string }).secret })
  const refreshed = await openid.refreshTokenGrant(renewed, tokens.refresh_token ?? '')
  expect(await call('GET')).toMatchObject({
    status: 200,
    body: { name: 'Boards', kind: 'web', scopes: expect.anything() },
  })
  expect(JSON.stringify((await call('GET')).body)).not.toContain('secret')
  expect(await call('DELETE')).toMatchObject({ status: 204 })
  expect(await publish(refreshed.access_token)).toMatchObject({ status: 401 })
  expect(await call('GET')).toMatchObject({ status: 404 })
})

test('forms are taken, and nothing else; each parameter once', async () => {
  const client = await registerClient(server, admin.token, { kind: 'service', scopes: ['publish'] })
  const good = { grant_type: 'client_credentials', ...credentials(client) }
  expect(await token(good)).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'publish' } })
  const invalid = { status: 400, body: { error: 'invalid_request' } }
  const json = { body: JSON.stringify(good), headers: { 'content-type': 'application/json' } }
  expect(await post('/api/auth/oauth2/token', json)).toMatchObject(invalid)
  expect(await post('/api/auth/oauth2/token', { body: '', headers: {} })).toMatchObject(invalid)
  const twice = form(good)
  twice.body += '&grant_type=client_credentials'
  expect(await post('/api/auth/oauth2/token', twice)).toMatchObject(invalid)
  expect(await token({ ...good, resource: 'https://elsewhere.example.org/' })).toMatchObject({
    ...{ status: 400, body: { error: 'invalid_target' } },
  })
  expect(await token({ ...good, grant_type: 'password' })).toMatchObject({
    ...{ status: 400, body: { error: 'unsupported_grant_type' } },
  })
  const both = form(good)
  const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`
  expect(
    await post('/api/auth/oauth2/token', { ...both, headers: { ...both.headers, authorization: basic } }),
  ).toMatchObject({ status: 400 })
})

test('clients find the documents wherever they look', async () => {
  const at = async (path: string) => (await server.api('GET', path)).body
  const document = await at('/api/auth/.well-known/openid-configuration')
  expect(document).toMatchObject({
    issuer: `${server.url}/api/auth`,
    token_endpoint: `${server.url}/api/auth/oauth2/token`,
    code_challenge_methods_supported: ['S256'],
  })
  expect(document).not.toHaveProperty('registration_endpoint')
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    for (const path of [`/.well-known/${name}`, `/.well-known/${name}/api/auth`, `/api/auth/.well-known/${name}`]) {
      expect(await at(path)).toEqual(document)
    }
  }
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    const issuer = new URL(`${server.url}/api/auth`)
    const config = await openid.discovery(issuer, 'any', undefined, openid.None(), { ...insecure, algorithm })
    expect(config.serverMetadata().issuer).toBe(issuer.href)
  }
})

const invalidGrant = { error: 'invalid_grant' }
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

interface Registered {
  readonly id: string
  readonly secret: string | null
}

async function web(scopes: string[]) {
  const client = await registerClient(server, admin.token, { kind: 'web', redirectUris: [callback], scopes })
  return { client, config: await discover(client) }
}

function discover(client: Registered, authentication?: openid.ClientAuth): Promise<openid.Configuration> {
  const issuer = new URL(`${server.url}/api/auth`)
  const none = client.secret === null ? openid.None() : undefined
  return openid.discovery(issuer, client.id, client.secret ?? undefined, authentication ?? none, insecure)
}

async function letIn(config: openid.Configuration, email: string, scope: string, browser = openBrowser(server)) {
  const verifier = openid.randomPKCECodeVerifier()
  const [state, nonce] = [openid.randomState(), openid.randomNonce()]
  const asked = openid.buildAuthorizationUrl(config, {
    ...{ redirect_uri: callback, scope, state, nonce, code_challenge_method: 'S256' },
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
  })
  const url = await browser.authorize(asked, email)
  const hasId = scope.split(' ').includes('openid')
  const checks = { pkceCodeVerifier: verifier, expectedState: state, ...(hasId && { expectedNonce: nonce }) }
  return { url, tokens: await openid.authorizationCodeGrant(config, url, checks) }
}

/** The form in which a code of somebody's would be exchanged. */
async function code(config: openid.Configuration, client: Registered, email: string) {
  const verifier = openid.randomPKCECodeVerifier()
  const asked = openid.buildAuthorizationUrl(config, {
    ...{ redirect_uri: callback, scope: 'publish', code_challenge_method: 'S256' },
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
  })
  const url = await openBrowser(server).authorize(asked, email)
  return {
    ...{ grant_type: 'authorization_code', code: url.searchParams.get('code') ?? '', redirect_uri: callback },
    ...{ code_verifier: verifier, ...credentials(client) },
  }
}

function credentials({ id, secret }: Registered) {
  return { client_id: id, client_secret: secret ?? '' }
}

function form(fields: Readonly<Record<string, string | undefined>>) {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    body: new URLSearchParams(given).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' } as Record<string, string>,
  }
}

function token(fields: Readonly<Record<string, string | undefined>>) {
  return post('/api/auth/oauth2/token', form(fields))
}

async function post(path: string, { body, headers }: { body: string; headers: Record<string, string> }) {
  const response = await fetch(`${server.url}${path}`, {
    ...{ method: 'POST', body, headers, signal: AbortSignal.timeout(20_000) },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

function change(id: string, body: unknown) {
  return server.api('PATCH', `/api/v1/oauth/clients/${id}`, { body, headers: bearer(admin.token) })
}

function publish(access: string, channel = 'news:board') {
  return server.api('POST', '/api/publish', { body: { channel, data: { hello: 1 } }, headers: bearer(access) })
}
