import { X509Certificate } from 'node:crypto'
import { readFileSync, renameSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { connect, getCACertificates, type SecureVersion, setDefaultCACertificates } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { issueCertificate } from '../support/certificates.ts'
import { startChild } from '../support/child-program.ts'
import { launchChromium } from '../support/chromium.ts'
import { setUpInConsole } from '../support/console-page.ts'
import { overHttp } from '../support/emulated-sdk.ts'
import { describeWith } from '../support/needs.ts'
import { collect, sdkClient, ticketFor } from '../support/sdk-client.ts'
import {
  carillon,
  createKey,
  freePort,
  password,
  runCarillon,
  type ServerProcess,
  signIn,
  startServerProcess,
} from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openedOn } from '../support/worker-processes.ts'

/** Until the test ends this process, and `fetch` in it, trusts these certificates too. */
function trust(...pems: readonly string[]): void {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, ...pems])
  onTestFinished(() => setDefaultCACertificates(before))
}

const selfSigned = (server: ServerProcess) => join(server.data, 'self-signed.crt')

/** Whose certificate a new connection is shown; rejects where none comes about. */
function certificateShown({ url }: ServerProcess, maxVersion: SecureVersion = 'TLSv1.3'): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(url)
    const socket = connect(
      // Old versions are refused by OpenSSL itself unless it is told otherwise.
      {
        host,
        port: Number(port),
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        maxVersion,
        ciphers: 'ALL:@SECLEVEL=0',
      },
      () => {
        const certificate = socket.getPeerX509Certificate()
        socket.destroy()
        if (certificate) resolve(certificate)
        else reject(new Error('no certificate'))
      },
    )
    socket.on('error', reject)
  })
}

test('with a certificate of its own everything is over TLS, for those who were told to trust it', async () => {
  await using server = await startServerProcess({ tls: 'self-signed' })
  await expect(fetch(server.url)).rejects.toThrow()
  const pem = readFileSync(selfSigned(server), 'utf8')
  trust(pem)
  const { fingerprint, url } = z
    .object({ fingerprint: z.string(), url: z.string() })
    .parse(JSON.parse(/^\{"url".*\}$/m.exec(server.output())?.[0] ?? ''))
  expect(url).toBe(server.url)
  expect(fingerprint).toBe(new X509Certificate(pem).fingerprint256)
  expect((await certificateShown(server)).fingerprint256).toBe(fingerprint)
  expect(statSync(join(server.data, 'self-signed.key')).mode & 0o777).toBe(0o600)

  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const ways = [
    { transport: 'websocket', endpoint: `${server.url.replace('https', 'wss')}/connection/websocket` },
    { transport: 'http_stream', endpoint: `${server.url}/connection/http_stream` },
    { transport: 'sse', endpoint: `${server.url}/connection/sse` },
  ] as const
  for (const way of ways) {
    const options = { ...overHttp(server.url), getToken: ticketFor(server, token) }
    using sdk = sdkClient(server, options, [way])
    sdk.client.connect()
    const { subscription, received } = await collect(sdk.client, 'news:general')
    await subscription.publish({ over: way.transport })
    await vi.waitFor(() => expect(received).toEqual([{ over: way.transport }]))
  }
})

test('the cookies of a browser are for TLS alone, and stay what they are through a restart', async () => {
  await using server = await startServerProcess({ tls: 'self-signed' })
  trust(readFileSync(selfSigned(server), 'utf8'))
  expect(server.setupLink).toMatch(/^https:/)
  const created = await server.api('POST', '/api/v1/setup', {
    body: {
      ...{ token: new URL(server.setupLink ?? '').searchParams.get('token'), password },
      ...{ name: 'Ada', email: 'ada@example.org' },
    },
  })
  const headers = { origin: server.url }
  const signedIn = await server.api('POST', '/api/v1/sign-in', {
    body: { email: 'ada@example.org', password },
    headers,
  })
  for (const { status, headers } of [created, signedIn]) {
    expect(status).toBeLessThan(300)
    const [cookie = ''] = headers.getSetCookie()
    expect(cookie).toMatch(/^__Secure-carillon\.session_token=/)
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; Secure/)
    expect(cookie).toMatch(/; SameSite=Lax/)
  }
  const [cookie = ''] = signedIn.headers.getSetCookie().map((each) => each.split(';', 1)[0] ?? '')
  const before = await certificateShown(server)
  await server.stop()
  await server.start()
  expect((await certificateShown(server)).fingerprint256).toBe(before.fingerprint256)
  expect((await server.api('POST', '/api/v1/tickets', { headers: { ...headers, cookie } })).status).toBe(201)
})

test('nothing older than TLS 1.2 is spoken, and no plain HTTP; the socket in the data folder stays plain', async () => {
  await using server = await startServerProcess({ tls: 'self-signed' })
  await expect(certificateShown(server, 'TLSv1.2')).resolves.toBeInstanceOf(X509Certificate)
  await expect(certificateShown(server, 'TLSv1.1')).rejects.toThrow()
  const plain = new Promise((resolve, reject) => {
    request(server.url.replace('https', 'http')).on('response', resolve).on('error', reject).end()
  })
  await expect(plain).rejects.toThrow()
  expect(await server.cli(['publish', 'news:general', '{"title":"Lunch"}'])).toMatchObject({ code: 0 })
})

test('the command line says of a certificate that it does not know what to do about it', async () => {
  await using server = await startServerProcess({ tls: 'self-signed' })
  const env = { CARILLON_KEY: await createKey(server, ['publish']) }
  const args = ['publish', '--url', server.url, 'news:general', '{"title":"Lunch"}']
  const refused = await runCarillon(args, { env })
  expect(refused).toMatchObject({
    code: 1,
    output: expect.stringMatching(/not trusted .*NODE_EXTRA_CA_CERTS.*\[server_unreachable\]/),
  })
  const trusting = { ...env, NODE_EXTRA_CA_CERTS: selfSigned(server) }
  expect(await runCarillon(args, { env: trusting })).toMatchObject({ code: 0 })
  const elsewhere = args.with(2, server.url.replace('127.0.0.1', '127.0.0.2'))
  // Nobody listens there: the certificate is for 127.0.0.1 alone.
  expect((await runCarillon(elsewhere, { env: trusting })).output).toMatch(/does not answer/)
})

test('several processes take up a renewed certificate, and their sockets stay', async () => {
  const folder = temporaryFolder()
  const files = await issueCertificate(folder, 'old')
  const renewed = await issueCertificate(folder, 'renewed')
  trust(files.pem.cert, renewed.pem.cert)
  const env = { CARILLON_PROCESSES: '2', CARILLON_LOG_LEVEL: 'debug' }
  await using server = await startServerProcess({ env, tls: `${files.cert},${files.key}` })
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
  const states: string[] = []
  sdk.client.on('state', ({ newState }) => states.push(newState))
  sdk.client.connect()
  const { subscription, received } = await collect(sdk.client, 'news:general')
  renameSync(renewed.key, files.key)
  renameSync(renewed.cert, files.cert)
  const nameShown = async () => (await certificateShown(server)).subject
  // Each process says so once; the one that keeps the port for them serves nobody.
  const taken = () => server.output().match(/a new certificate is in use/g)?.length
  await vi.waitFor(() => expect(taken()).toBe(2), 10_000)
  for (let visits = 0; visits < 10; visits++) expect(await nameShown()).toBe('CN=renewed')
  await subscription.publish({ still: 'here' })
  await vi.waitFor(() => expect(received).toEqual([{ still: 'here' }]))
  expect(states).toEqual(['connecting', 'connected'])
  expect(openedOn(server).size).toBe(1)
})

test.each([
  ['plain_http', ['--host', '0.0.0.0']],
  ['plain_http', ['--host', '0.0.0.0', '--processes', '2']],
  ['tls_file_missing', ['--tls', 'none.pem,none.key']],
  ['tls_file_missing', ['--tls', 'none.pem,none.key', '--processes', '2']],
  ['config_invalid', ['--tls', 'none.pem']],
])('a server that cannot protect its requests does not start: %s, %j', async (code, args) => {
  const port = String(await freePort())
  const { code: exit, output } = await runCarillon(['serve', '--port', port, '--data', temporaryFolder(), ...args])
  expect(exit).toBe(1)
  expect(output).toContain(`[${code}]`)
})

test.each([
  [[], /Plain HTTP: only programs on this machine can connect/],
  [
    ['--tls', 'self-signed'],
    /TLS with a certificate of its own, .*self-signed\.crt.*\n.*fingerprint: ([0-9A-F]{2}:){31}/,
  ],
])('at the start it is said who can connect: %j', async (args, sentence) => {
  const serve = ['serve', '--port', '0', '--data', temporaryFolder(), ...args]
  await using child = startChild(process.execPath, [carillon, ...serve])
  await child.waitFor(sentence)
})

describeWith(['chromium'], 'a browser that was told to go on', () => {
  test('sets the server up and uses the console over TLS', async () => {
    await using server = await startServerProcess({ tls: 'self-signed' })
    await using browser = await launchChromium()
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    const refused: string[] = []
    page.on('console', (message) => {
      if (/Content Security Policy|Permissions-Policy/.test(message.text())) refused.push(message.text())
    })
    await setUpInConsole(page, server, 'ada@example.org')
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({
      name: '__Secure-carillon.session_token',
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
    })
    await page.reload()
    await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
    expect(refused).toEqual([])
  })
})
