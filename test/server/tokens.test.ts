import { randomBytes } from 'node:crypto'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { collect, next, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = join(import.meta.dirname, '../..')

test('the page about tokens works as it stands: its configuration, its backend and its client', async () => {
  const page = await readFile(join(root, 'docs/tokens.md'), 'utf8')
  const [example = ''] = blocks(page, 'json')
  const secret = randomBytes(32).toString('base64')
  const config = example.replace('put the output of openssl rand -base64 32 here', secret)
  expect(config).toContain(secret)
  const [backend, client] = blocks(page, 'js')
  const folder = temporaryFolder()
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [name, text] of Object.entries({ 'carillon.json': config, 'tokens.mjs': backend, 'client.mjs': client })) {
    await writeFile(join(folder, name), text ?? '')
  }
  await using server = await startServerProcess({ config: join(folder, 'carillon.json') })
  const env = {
    ...process.env,
    TOKEN_SECRET: secret,
    SERVER_WS: `${server.url.replace('http', 'ws')}/connection/websocket`,
  }
  await using customer = startChild(process.execPath, ['client.mjs'], { cwd: folder, env })
  await customer.waitFor(/waiting for news of the order/)
  expect(await server.cli(['publish', '$orders:1042', '{"state":"shipped"}'])).toMatchObject({ code: 0 })
  await customer.waitFor(/shipped/)
  expect(server.output()).not.toContain(secret)
  const otherwise = { ...env, TOKEN_SECRET: randomBytes(32).toString('base64') }
  await using stranger = startChild(process.execPath, ['client.mjs'], { cwd: folder, env: otherwise })
  await stranger.waitFor(/disconnected for good: 3500 /)
  await expect.poll(() => server.output()).toMatch(/"code":3500,.*"why":"bad signature"/)
  const key =
    /crl_[\w-]+/.exec((await server.cli(['key', 'create', 'tokens', '--scope', 'subscribe'])).output)?.[0] ?? ''
  const curl = blocks(page, 'sh').find((text) => text.includes('/api/v1/subscription-tokens')) ?? ''
  const body = JSON.parse(/-d '(.*)'/.exec(curl)?.[1] ?? '')
  const answer = { token: expect.stringMatching(/^ey/), expiresIn: 600 }
  expect(await tokens(server, { 'x-api-key': key }, body)).toMatchObject({ status: 201, body: answer })
  const refused = await tokens(server, { 'x-api-key': key }, { ...body, channel: '$chat:1' })
  expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringMatching(/subscribe_roles/) } })
})

test('the server’s own tokens let one user into a private channel, and no other', async () => {
  await using server = await startServerProcess()
  const operator = await signIn(server, 'ola@example.org', 'operator')
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  using sdk = sdkClient(server, { getToken: ticketFor(server, viewer.token) })
  sdk.client.connect()
  const tokenFor = async (user: string) => {
    const request = { user, channel: '$news:board', expiresIn: 600, info: { seat: 4 } }
    const { status, body } = await tokens(server, bearer(operator.token), request)
    expect({ status, body }).toMatchObject({ status: 201, body: { expiresIn: 600 } })
    return (body as { token: string }).token
  }
  const refused = sdk.client.newSubscription('$news:board', { token: await tokenFor(operator.id) })
  const unsubscribed = next(refused as never, 'unsubscribed')
  refused.subscribe()
  expect(await unsubscribed).toMatchObject({ code: 103 })
  sdk.client.removeSubscription(refused)
  const own = sdk.client.newSubscription('$news:board', { getToken: () => tokenFor(viewer.id) })
  own.subscribe()
  await own.ready(10_000)
  const { clients } = await own.presence()
  expect(Object.values(clients)).toMatchObject([{ user: viewer.id, chanInfo: { seat: 4 } }])
  await expect(collect(sdk.client, 'news:general')).resolves.toBeDefined()
})

test('who asks for a token may subscribe there, and the request is looked at', async () => {
  await using server = await startServerProcess()
  const viewer = await signIn(server, 'vic@example.org', 'viewer')
  const [reads, publishes] = [await createKey(server, ['subscribe']), await createKey(server, ['publish'])]
  const request = { user: 'eva', channel: '$news:board' }
  const outcomes = [
    await tokens(server, { 'x-api-key': reads }, request),
    await tokens(server, { 'x-api-key': publishes }, request),
    await tokens(server, bearer(viewer.token), request),
    await tokens(server, {}, request),
    await tokens(server, { 'x-api-key': reads }, { ...request, channel: '$weather:board' }),
    await tokens(server, { 'x-api-key': reads }, { ...request, channel: 'news:board' }),
    await tokens(server, { 'x-api-key': reads }, { ...request, user: '' }),
    await tokens(server, { 'x-api-key': reads }, { ...request, expiresIn: 1 }),
    await tokens(server, { 'x-api-key': reads }, { ...request, info: 'x'.repeat(5000) }),
  ]
  expect(outcomes.map(({ body }) => (body as { code?: string }).code)).toEqual([
    ...[undefined, 'forbidden', 'forbidden', 'unauthorized', 'unknown_channel'],
    ...['bad_request', 'bad_request', 'bad_request', 'bad_request'],
  ])
})

function tokens(server: ServerProcess, headers: Record<string, string>, body: object) {
  return server.api('POST', '/api/v1/subscription-tokens', { headers, body })
}

/** The texts of a page's code blocks in one language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text)
}
