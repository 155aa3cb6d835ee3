import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { json } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { localSocketPath } from '#server/http/listen.ts'
import { buildNativeLibrary, hostArch } from '../../build/native-library.ts'
import { describeWith } from '../support/needs.ts'
import {
  bearer,
  createKey,
  freePort,
  runCarillon,
  type ServerProcess,
  signIn,
  startServerProcess,
} from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a wrong password and an unknown account get the same answer', async () => {
  await using server = await startServerProcess()
  await signIn(server, 'ada@example.org', 'viewer')
  const attempt = (email: string) =>
    server.api('POST', '/api/v1/token', { body: { email, password: 'not the password' } })
  const [known, unknown] = [await attempt('ada@example.org'), await attempt('bob@example.org')]
  expect(known.body).toMatchObject({ status: 401, code: 'wrong_credentials' })
  expect(unknown.body).toEqual(known.body)
})

test('an unknown enrolment code is said to be unknown', async () => {
  await using server = await startServerProcess()
  const headers = bearer((await signIn(server, 'ola@example.org', 'operator')).token)
  const { body } = await server.api('GET', '/api/v1/enrolments/BCDF-GHJK', { headers })
  expect(body).toMatchObject({ status: 404, code: 'unknown_code' })
})

test("a screen cannot send an operator's terminal or console anything but text", async () => {
  await using server = await startServerProcess()
  const enrol = (hostname: string) =>
    server.api('POST', '/api/v1/enrolments', { body: { hostname, version: '1', platform: 'linux' } })
  for (const hostname of ['\u001b]0;lobby\u0007', 'a\nb', '\u009b2J', 'lobby\u202e1']) {
    expect((await enrol(hostname)).body, hostname).toMatchObject({
      code: 'bad_request',
      errors: [{ path: 'hostname' }],
    })
  }
  expect((await enrol('Küche-1')).status).toBe(201)
})

test('malformed JSON on the command line is wrong usage and publishes nothing', async () => {
  await using server = await startServerProcess()
  const { code, output } = await server.cli(['publish', 'news:general', '{title: Lunch}'])
  expect(code).toBe(2)
  expect(output).toMatch(/not valid JSON.*\[malformed_json\]/)
})

test('malformed JSON over HTTP is a problem document', async () => {
  await using server = await startServerProcess()
  const { status, body } = await server.api('POST', '/api/v1/token', { body: '{"email":' })
  expect(status).toBe(400)
  expect(body).toMatchObject({ code: 'malformed_json' })
})

test('what asks in the wrong way is told the right one', async () => {
  await using server = await startServerProcess()
  const plain = await server.api('GET', '/connection/websocket', { headers: { accept: 'text/html' } })
  expect(plain).toMatchObject({ status: 426, body: { detail: expect.stringMatching(/Behind a proxy/) } })
  expect(plain.headers.get('upgrade')).toBe('websocket')
  const read = await server.api('GET', '/api/publish', { headers: { accept: 'text/html' } })
  expect(read).toMatchObject({ status: 405, body: { code: 'method_not_allowed', detail: 'Send a POST request.' } })
  expect(read.headers.get('allow')).toBe('POST')
  const written = await server.api('POST', '/health/live')
  expect([written.status, written.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  const key = await createKey(server, ['publish'])
  const asBearer = await server.api('POST', '/api/publish', {
    headers: bearer(key),
    body: { channel: 'news:a', data: 1 },
  })
  expect(asBearer).toMatchObject({ status: 401, body: { detail: expect.stringMatching(/^API keys go in X-API-Key/) } })
})

test('an address that cannot be decoded is a problem document', async () => {
  await using server = await startServerProcess()
  expect((await server.api('GET', '/api/v1/stars/%ff')).body).toMatchObject({ status: 400, code: 'bad_request' })
})

test('what anybody may ask for can be had through the local socket too', async () => {
  await using server = await startServerProcess()
  const socketPath = join(server.data, 'carillon.sock')
  const body = JSON.stringify({ hostname: 'lobby', version: '1', platform: 'linux' })
  const ask = (method: string, path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = method === 'POST' ? { 'content-type': 'application/json' } : {}
      const asked = request({ socketPath, method, path, headers, agent: false })
      asked.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
      asked.end(method === 'POST' ? body : undefined)
    })
  expect(await ask('POST', '/api/v1/enrolments')).toBe(201)
  expect(await ask('GET', '/api/auth/ok')).toBe(200)
})

test('every invalid field of a request is named', async () => {
  await using server = await startServerProcess()
  const { body } = await server.api('POST', '/api/v1/setup', {
    body: { token: 'x', name: '', email: 'ada', password: 'short' },
  })
  expect(body).toMatchObject({
    code: 'bad_request',
    errors: [{ path: 'name' }, { path: 'email' }, { path: 'password' }],
  })
})

test('a channel outside every namespace is refused with what there is', async () => {
  await using server = await startServerProcess()
  const { code, output } = await server.cli(['publish', 'weather:today', '1'])
  expect(code).toBe(1)
  expect(output).toMatch(/No namespace is configured.*\[error_102\]/s)
})

test('a payload over the limit is refused and says the limit', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['publish']) }
  const publish = (size: number) =>
    server.api('POST', '/api/publish', { headers, body: { channel: 'news:general', data: 'x'.repeat(size) } })
  expect((await publish(70_000)).body).toMatchObject({
    error: { code: 107, message: expect.stringMatching(/65536 bytes/) },
  })
  expect((await publish(200_000)).body).toMatchObject({ status: 413, code: 'payload_too_large' })
  expect((await publish(60_000)).body).toMatchObject({ result: { offset: 1 } })
})

test('data that is nested too deeply, or missing, is refused with a sentence', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['publish']) }
  const publish = (body: string) => server.api('POST', '/api/publish', { headers, body })
  const nested = (levels: number) => `{"channel":"news:general","data":${'['.repeat(levels)}${']'.repeat(levels)}}`
  for (const levels of [101, 3000, 30_000]) {
    expect((await publish(nested(levels))).body).toMatchObject({ code: 'bad_request', errors: [{ path: 'data' }] })
  }
  expect((await publish(nested(100))).body).toMatchObject({ result: { offset: 1 } })
  expect((await publish('{"channel":"news:general"}')).body).toMatchObject({ code: 'bad_request' })
  expect((await publish('{"channel":"news:general","data":null}')).body).toMatchObject({ result: { offset: 2 } })
})

test('a port in use is said at once, before any records are made', async () => {
  await using server = await startServerProcess()
  const data = join(temporaryFolder(), 'data')
  const { code, output } = await runCarillon(['serve', '--port', new URL(server.url).port, '--data', data])
  expect(code).toBe(1)
  expect(output).toMatch(/Port \d+ on 127\.0\.0\.1 is in use.*--port.*\[port_in_use\]/)
  expect(existsSync(join(data, 'carillon.sqlite'))).toBe(false)
})

test('a second server on the same data folder is refused', async () => {
  await using server = await startServerProcess()
  const { code, output } = await server.cli(['serve', '--port', String(await freePort())])
  expect(code).toBe(1)
  expect(output).toMatch(/already runs.*\[already_running\]/)
})

test('a data folder that cannot be made is said with what to do', async () => {
  const blocked = join(temporaryFolder(), 'file')
  await writeFile(blocked, '')
  const { code, output } = await runCarillon(['serve', '--port', '0', '--data', join(blocked, 'data')])
  expect(code).toBe(1)
  expect(output).toMatch(/--data.*\[data_folder_unwritable\]/)
})

test('a data folder that is not writable is said with what to do', async () => {
  // Not even root can make a file there.
  const { code, output } = await runCarillon(['serve', '--port', '0', '--data', '/proc/1'])
  expect(code).toBe(1)
  expect(output).toMatch(/--data.*\[data_folder_unwritable\]/)
})

test('a database from a newer version is refused and left as it was', async () => {
  await using server = await startServerProcess()
  await server.stop()
  const database = new DatabaseSync(join(server.data, 'carillon.sqlite'))
  database.exec("insert into kysely_migration (name, timestamp) values ('9999-tomorrow', 'later')")
  database.close()
  const { code, output } = await server.cli(['serve', '--port', '0'])
  expect(code).toBe(1)
  expect(output).toMatch(/newer Carillon.*9999-tomorrow.*\[database_newer\]/)
})

test('every mistake in the configuration is reported at once and nothing starts', async () => {
  const file = join(temporaryFolder(), 'carillon.config.json')
  await writeFile(file, JSON.stringify({ prot: 1, log_level: 'loud' }))
  const { code, output } = await runCarillon(['serve', '--config', file, '--port', '99999'])
  expect(code).toBe(1)
  expect(output).toMatch(/prot/)
  expect(output).toMatch(/log_level/)
  expect(output).toMatch(/port/)
  expect(output).toMatch(/\[config_invalid\]/)
})

test('an address where nothing answers and one that is not Carillon are told apart', async () => {
  const silent = await runCarillon(['publish', 'news:general', '1', '--url', `http://127.0.0.1:${await freePort()}`], {
    env: { CARILLON_KEY: 'crl_x' },
  })
  expect(silent).toMatchObject({ code: 1, output: expect.stringMatching(/\[server_unreachable\]/) })

  const other = createServer((_request, response) => response.end('<h1>It works!</h1>'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : 0
  const wrong = await runCarillon(['publish', 'news:general', '1', '--url', `http://127.0.0.1:${port}`], {
    env: { CARILLON_KEY: 'crl_x' },
  })
  other.close()
  expect(wrong).toMatchObject({ code: 1, output: expect.stringMatching(/\[not_carillon\]/) })
})

test('a key that is not valid is refused with a sentence', async () => {
  await using server = await startServerProcess()
  const { code, output } = await server.cli(['publish', 'news:general', '1', '--url', server.url], {
    bare: true,
    env: { CARILLON_KEY: 'crl_not_a_key' },
  })
  expect(code).toBe(1)
  expect(output).toMatch(/\[invalid_token\]/)
})

test('without a key, and without a server, the command line says what to run', async () => {
  const data = temporaryFolder()
  const noKey = await runCarillon(['publish', 'news:general', '1', '--url', 'http://127.0.0.1:9'], {
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
  })
  expect(noKey).toMatchObject({ code: 1, output: expect.stringMatching(/carillon login.*\[not_logged_in\]/) })
  const noServer = await runCarillon(['tail', 'news:general', '--data', data])
  expect(noServer).toMatchObject({ code: 1, output: expect.stringMatching(/npm start.*\[no_server\]/) })
})

test('without a keychain login says so and how to do without', async () => {
  await using server = await startServerProcess()
  const key = await createKey(server, ['publish'])
  const { code, output } = await server.cli(['login', '--url', server.url, '--key-stdin'], {
    bare: true,
    input: key,
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
  })
  expect(code).toBe(1)
  expect(output).toMatch(/CARILLON_KEY.*\[keychain_unavailable\]/)
})

test('accounts and keys are made, and events published, on the records while no server runs', async () => {
  await using server = await startServerProcess()
  await server.stop()
  const created = await server.cli(['key', 'create', 'offline', '--scope', 'publish', '--json'])
  expect(created.code).toBe(0)
  expect(await server.cli(['publish', 'news:general', '"written while off"'])).toMatchObject({ code: 0 })
  await server.start()
  const second = await server.cli(['publish', 'news:general', '2', '--json'])
  expect(JSON.parse(second.output)).toMatchObject({ offset: 2 })
})

test('doctor says that all is well, and what is not', async () => {
  await using server = await startServerProcess()
  const well = await server.cli(['doctor', '--json'])
  const { findings } = JSON.parse(well.output) as { findings: { name: string; ok: boolean | null; detail: string }[] }
  const found = (name: string) => findings.find((each) => each.name === name)
  // It was started with a flag that doctor is not given.
  expect(found('server')).toMatchObject({ ok: true, detail: expect.stringContaining(`listens on ${server.url}`) })
  expect(found('configuration')?.detail).toBe('says 127.0.0.1:8750; the server that runs was told otherwise')
  const { body } = await server.api('GET', '/.well-known/carillon')
  expect(body).not.toHaveProperty('address')
  await server.stop()
  await chmod(join(server.data, 'secret.key'), 0o644)
  const unwell = await server.cli(['doctor'])
  expect(unwell.code).toBe(1)
  expect(unwell.output).toMatch(/✗ secret: .*chmod 600/)
})

describeWith(['compiler'], 'the native library', () => {
  test('is named by doctor, with its version and its ABI', async () => {
    const arch = hostArch() ?? 'x64'
    await buildNativeLibrary(arch)
    const { output } = await runCarillon(['doctor', '--data', temporaryFolder()])
    expect(output).toMatch(/✓ native library: version \d+\.\d+\.\d+, ABI 2, .*libcarillon\.so/)
  })
})

test('the help of every command has an exit code of 0, and unknown words one of 2', async () => {
  await eachByTwo(['serve', 'user', 'key', 'publish', 'tail', 'devices', 'login', 'doctor'], async (command) =>
    expect((await runCarillon([command, '--help'])).code, command).toBe(0),
  )
  expect((await runCarillon(['ring'])).code).toBe(2)
  expect((await runCarillon(['publish'])).code).toBe(2)
})

test('SIGTERM in the middle of publishing exits 0, and all that was acknowledged is there afterwards', async () => {
  await using server = await startServerProcess()
  const headers = { 'x-api-key': await createKey(server, ['publish', 'subscribe']) }
  const publish = async (n: number) => {
    const { body } = await server.api('POST', '/api/publish', { headers, body: { channel: 'news:general', data: n } })
    return (body as { result?: { offset: number } }).result?.offset ?? 0
  }
  const publishing = Array.from({ length: 200 }, (_, n) => publish(n))
  const settled = Promise.allSettled(publishing)
  await publishing[0]
  expect(await server.stop()).toBe(0)
  const offsets = (await settled).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  await server.start()
  const next = await server.api('POST', '/api/publish', { headers, body: { channel: 'news:general', data: 'next' } })
  expect((next.body as { result: { offset: number } }).result.offset).toBeGreaterThan(Math.max(...offsets))
})

test('a mistyped data folder is said to hold nothing, and nothing is made there', async () => {
  const data = join(temporaryFolder(), 'mistyped')
  const commands = [
    ['devices'],
    ['user', 'list'],
    ['user', 'add', 'ada@example.org', '--password-stdin'],
    ['key', 'create', 'a-service', '--scope', 'publish'],
    ['publish', 'news:general', '1'],
  ]
  await eachByTwo(commands, async (command) => {
    const { code, output } = await runCarillon([...command, '--data', data], { input: 'a bell rings at nine' })
    expect(code, command.join(' ')).toBe(1)
    expect(output).toMatch(/There is no Carillon in .*mistyped: .*npm start.*--data.*\[no_data\]/)
  })
  expect(existsSync(data)).toBe(false)
})

test('without a running server only what is kept until it starts is published', async () => {
  await using server = await startServerProcess()
  await server.stop()
  const kept = await server.cli(['publish', 'news:general', '"for later"'])
  expect(kept).toMatchObject({
    code: 0,
    output: expect.stringMatching(/Written for when the server starts: news:general/),
  })
  const lost = await server.cli(['publish', 'telemetry:lobby-1', '1'])
  expect(lost).toMatchObject({ code: 1, output: expect.stringMatching(/keeps no history.*npm start.*\[no_server\]/) })
  const unknown = await server.cli(['publish', 'weather:today', '1'])
  expect(unknown).toMatchObject({ code: 1, output: expect.stringMatching(/No namespace is configured/) })
})

test('what no server would accept is wrong usage, said before anything is sent', async () => {
  // Nothing answers there: an attempt to send would end with another code.
  const data = join(temporaryFolder(), 'nowhere')
  const attempts = [
    [
      ['key', 'create', 'a-service', '--scope', 'nope'],
      /publish, subscribe, devices, tasks, metrics, admin.*\[bad_scope\]/,
    ],
    [['key', 'create', 'x'.repeat(33), '--scope', 'publish'], /at most 32 characters.*\[bad_name\]/],
    [['key', 'create', 'a\u001b[2J', '--scope', 'publish'], /control characters.*\[bad_name\]/],
    [['publish', 'news:general', '1', '--idempotency-key', ''], /1 to 128 characters.*\[bad_idempotency_key\]/],
    [['user', 'add', 'ada@example.org', '--name', 'x'.repeat(121)], /at most 120 characters.*\[bad_name\]/],
  ] as const
  await eachByTwo(attempts, async ([command, sentence]) => {
    const { code, output } = await runCarillon([...command, '--data', data])
    expect(code, command.join(' ')).toBe(2)
    expect(output).toMatch(sentence)
  })
})

test('a data folder that is a file is said to be one', async () => {
  const file = join(temporaryFolder(), 'file')
  await writeFile(file, '')
  const { code, output } = await runCarillon(['serve', '--port', '0', '--data', file])
  expect(code).toBe(1)
  expect(output).toMatch(/is a file.*--data.*\[data_folder_unwritable\]/)
})

test('wrong usage has a code, as JSON with --json, and the help says what exit codes mean', async () => {
  expect(await runCarillon(['publish'])).toMatchObject({
    code: 2,
    output: expect.stringMatching(/channel.*\[usage\]/s),
  })
  const asJson = await runCarillon(['key', 'create', 'a-service', '--json'])
  expect(asJson.code).toBe(2)
  expect(JSON.parse(asJson.output)).toMatchObject({
    error: { code: 'usage', message: expect.stringMatching(/--scope/) },
  })
  expect((await runCarillon(['--help'])).output).toMatch(/Exit codes:.*0.*1.*2/s)
})

test('names reach a terminal without what would steer it', async () => {
  await using server = await startServerProcess()
  await server.cli(['key', 'create', 'plain', '--scope', 'publish'])
  await server.cli(['user', 'add', 'ada@example.org', '--password-stdin'], { input: 'a bell rings at nine' })
  await server.stop()
  // Older versions let such names in.
  const database = new DatabaseSync(join(server.data, 'carillon.sqlite'))
  // Keys take their name from there too.
  database.exec(`update user set name = 'a' || char(27) || '[2Jb'`)
  database.close()
  for (const list of ['user', 'key']) {
    const { output } = await server.cli([list, 'list'])
    expect(output, list).toContain('a\ufffd[2Jb')
    expect(output, list).not.toContain('\u001b')
  }
})

test('a server that is stopping says so, in a problem document, to whoever asks meanwhile', async () => {
  await using server = await startServerProcess()
  // One that does not answer the close frame is waited for.
  const held = connect(Number(new URL(server.url).port), '127.0.0.1')
  held.write(
    'GET /connection/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(held, 'data')
  const stopped = server.stop()
  await expect
    .poll(() => askLocally(server, '/health/live'))
    .toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringMatching(/stopping/) })
  held.destroy()
  expect(await stopped).toBe(0)
})

function askLocally(server: ServerProcess, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: localSocketPath(server.data), path, agent: false })
    asked.on('response', (response) => json(response).then(resolve, reject))
    asked.on('error', reject).end()
  })
}

/** Commands that have nothing to do with each other, on the two cores that there are at least. */
async function eachByTwo<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  const worker = async () => {
    for (const one of rest) await run(one)
  }
  await Promise.all([worker(), worker()])
}
