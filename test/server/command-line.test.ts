import { expect, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import {
  bearer,
  carillon,
  createKey,
  password,
  runCarillon,
  signIn,
  startServerProcess,
} from '../support/server-process.ts'

test('tail shows earlier events and those that come, says when the server is away, and ends with 0', async () => {
  await using server = await startServerProcess()
  for (const n of [1, 2]) await server.cli(['publish', 'news:general', `{"n":${n}}`])
  await using tail = startChild(process.execPath, [
    carillon,
    'tail',
    'news:general',
    '--history',
    '1',
    '--data',
    server.data,
  ])
  await tail.waitFor(/^earlier news:general #2 \{"n":2\}$/m)
  await server.cli(['publish', 'news:general', '{"n":3}', '--tag', 'floor=2'])
  await tail.waitFor(/^\d.* news:general #3 \{"n":3\} floor=2$/m)
  await server.kill()
  await tail.waitFor(/Offline since/)
  await server.start()
  await server.cli(['publish', 'news:general', '{"n":4}'])
  await tail.waitFor(/news:general #4 \{"n":4\}/)
  expect(tail.output().match(/#\d/g)).toEqual(['#2', '#3', '#4'])
  process.kill(tail.pid, 'SIGINT')
  expect(await tail.exited).toBe(0)
})

test('tail with a key ends when the key is not valid, at once or later', async () => {
  await using server = await startServerProcess()
  const tailWith = (key: string) =>
    startChild(process.execPath, [carillon, 'tail', 'news:general', '--url', server.url], {
      env: { ...process.env, CARILLON_KEY: key },
    })
  await using refused = tailWith('crl_not_a_key')
  expect(await refused.exited).toBe(1)
  expect(refused.output()).toMatch(/\[invalid_token\]/)

  await using tail = tailWith(await createKey(server, ['subscribe']))
  await tail.waitFor(/Following news:general/)
  const [{ id }] = JSON.parse((await server.cli(['key', 'list', '--json'])).output)
  await server.cli(['key', 'revoke', id])
  expect(await tail.exited).toBe(1)
})

test('a data folder on the command line wins over an address in the environment', async () => {
  await using server = await startServerProcess()
  const elsewhere = { CARILLON_URL: 'http://127.0.0.1:9', CARILLON_KEY: 'crl_x' }
  expect(await server.cli(['key', 'list'], { env: elsewhere })).toMatchObject({ code: 0 })
  expect(await server.cli(['key', 'list', '--url', server.url])).toMatchObject({
    code: 2,
    output: expect.stringMatching(/\[two_targets\]/),
  })
})

test('tail says what is wrong with the channel, or which scope a key lacks', async () => {
  await using server = await startServerProcess()
  const unknown = await server.cli(['tail', 'nope:x'])
  expect(unknown).toMatchObject({ code: 1, output: expect.stringMatching(/No namespace is configured for nope:x/) })
  const env = { CARILLON_KEY: await createKey(server, ['publish']) }
  const refused = await server.cli(['tail', 'news:general', '--url', server.url], { bare: true, env })
  expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/scope subscribe/) })
})

test('an account that is locked is listed as such until it is unlocked, and one that is not is said not to be', async () => {
  await using server = await startServerProcess()
  // Nobody has signed in from here: where somebody has, attempts are counted apart and lock nobody else out.
  await server.cli(['user', 'add', 'ola@example.org', '--password-stdin'], { input: password })
  const guess = () =>
    server.api('POST', '/api/v1/token', { body: { email: 'ola@example.org', password: 'not what it is' } })
  for (let guesses = 0; guesses < 10; guesses++) await guess()
  expect((await guess()).status).toBe(429)
  expect((await server.cli(['user', 'list'])).output).toMatch(/ locked until \d{4}-/)
  const unlock = async () => (await server.cli(['user', 'unlock', 'ola@example.org'])).output
  expect(await unlock()).toBe('Unlocked ola@example.org.\n')
  expect(await unlock()).toMatch(/ola@example\.org was not locked\./)
})

test.each([
  ['a kind that is none', ['--kind', 'wob'], /--kind.*web, native, service, device/],
  ['no address to come back to', ['--kind', 'web'], /with --redirect/],
])('a service with %s is told which flag to correct', async (_what, flags, sentence) => {
  const refused = await runCarillon(['oauth-client', 'add', 'X', '--scope', 'publish', ...flags])
  expect(refused).toMatchObject({ code: 2, output: expect.stringMatching(sentence) })
})

test('the secret of a service is exchanged, and a service is disabled and enabled again', async () => {
  await using server = await startServerProcess()
  const client = async (...args: string[]) => {
    const { code, output } = await server.cli(['oauth-client', ...args, '--json'])
    expect({ args, code }).toEqual({ args, code: 0 })
    return JSON.parse(output)
  }
  const { id, secret: first } = await client('add', 'Weather', '--kind', 'service', '--scope', 'publish')
  const asking = async (secret: string) => {
    const answer = await fetch(`${server.url}/api/auth/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(20_000),
    })
    return (await answer.json()).error ?? 'let in'
  }
  const { secret } = await client('rotate-secret', id)
  expect([await asking(first), await asking(secret)]).toEqual(['invalid_client', 'let in'])
  await client('disable', id)
  expect(await asking(secret)).toBe('invalid_client')
  expect(await client('enable', id)).toMatchObject({ name: 'Weather', disabled: false })
  expect(await asking(secret)).toBe('let in')
  expect(await server.cli(['oauth-client', 'disable', 'nobody'])).toMatchObject({ code: 1 })
})

test('with --json every command prints JSON, also for its errors', async () => {
  await using server = await startServerProcess()
  const added = await server.cli(
    ['user', 'add', 'ola@example.org', '--role', 'operator', '--password-stdin', '--json'],
    {
      input: password,
    },
  )
  expect(JSON.parse(added.output)).toMatchObject({ email: 'ola@example.org', role: 'operator', disabled: false })
  const again = await server.cli(['user', 'add', 'ola@example.org', '--password-stdin', '--json'], { input: password })
  expect(again.code).toBe(1)
  expect(JSON.parse(again.output)).toMatchObject({ error: { code: 'already_exists' } })
  const weak = await server.cli(['user', 'add', 'bo@example.org', '--password-stdin', '--json'], { input: 'short' })
  expect(weak.code).toBe(2)
  expect(JSON.parse((await server.cli(['user', 'list', '--json'])).output)).toHaveLength(1)
  expect(JSON.parse((await server.cli(['devices', '--json'])).output)).toEqual([])
})

test('whoever is disabled is out until enabled again; nobody disables themselves or the last administrator', async () => {
  await using server = await startServerProcess()
  const [ada, eve] = [
    await signIn(server, 'ada@example.org', 'admin'),
    await signIn(server, 'eve@example.org', 'admin'),
  ]
  const ola = await signIn(server, 'ola@example.org', 'operator')
  const change = (as: { token: string }, id: string, action: string) =>
    server.api('POST', `/api/v1/users/${id}/${action}`, { headers: bearer(as.token) })
  const statusOf = async (as: { token: string }) =>
    (await server.api('POST', '/api/v1/access-tokens', { headers: bearer(as.token), body: {} })).status
  expect(await statusOf(ola)).toBe(201)
  expect((await change(ola, eve.id, 'disable')).status).toBe(403)
  expect((await change(ada, ada.id, 'disable')).body).toMatchObject({
    detail: expect.stringMatching(/your own account/),
  })
  expect((await change(ada, 'nobody', 'disable')).status).toBe(404)
  expect((await change(ada, ola.id, 'disable')).status).toBe(204)
  expect(await statusOf(ola)).toBe(401)
  const again = { email: 'ola@example.org', password }
  const refused = await server.api('POST', '/api/v1/token', { body: again })
  expect(refused.body).toMatchObject({ code: 'account_disabled' })
  expect((await server.cli(['user', 'enable', 'Ola@example.org'])).output).toMatch(/Enabled ola@example\.org/)
  expect((await server.api('POST', '/api/v1/token', { body: again })).body).toMatchObject({ token: expect.any(String) })
  expect((await server.cli(['user', 'disable', 'eve@example.org'])).code).toBe(0)
  const last = await server.cli(['user', 'disable', 'ada@example.org'])
  expect(last).toMatchObject({ code: 1, output: expect.stringMatching(/last administrator.*\[forbidden\]/s) })
  expect(await server.cli(['user', 'disable', 'nobody@example.org'])).toMatchObject({ code: 1 })
  expect(await statusOf(ada)).toBe(201)
})

test('a revoked key opens nothing any more', async () => {
  await using server = await startServerProcess()
  const key = await createKey(server, ['publish'])
  const publish = () =>
    server.cli(['publish', 'news:general', '1', '--url', server.url], { bare: true, env: { CARILLON_KEY: key } })
  expect((await publish()).code).toBe(0)
  const [{ id }] = JSON.parse((await server.cli(['key', 'list', '--json'])).output)
  expect((await server.cli(['key', 'revoke', id])).code).toBe(0)
  expect(await publish()).toMatchObject({ code: 1, output: expect.stringMatching(/\[invalid_token\]/) })
})

describeWith(['xvfb', 'keyring'], 'carillon login', () => {
  test('keeps what opens a server in the keychain, and other commands find it there', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ notifications: false })
    await signIn(server, 'ola@example.org', 'operator')
    const away = ['--url', server.url]
    const login = ['login', ...away, '--email', 'ola@example.org', '--password-stdin']
    expect(await runCarillon(login, { input: `${password}\n`, env: session.env })).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Signed in to .* as ola .*\(operator\)/),
    })
    const published = await runCarillon(['publish', 'news:general', '"from afar"', ...away], { env: session.env })
    expect(published).toMatchObject({ code: 0, output: expect.stringMatching(/at offset 1/) })
    const wrong = await runCarillon(login, { input: 'not the password', env: session.env })
    expect(wrong).toMatchObject({ code: 1, output: expect.stringMatching(/\[wrong_credentials\]/) })
  })
})
