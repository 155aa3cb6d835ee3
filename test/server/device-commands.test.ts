import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { deflateSync } from 'node:zlib'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import type { DeviceStatus } from '#protocol/device-report.ts'
import { connectDevice, enrolDevice, type PlayedDevice } from '../support/played-device.ts'
import { collect, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

const soon = { timeout: 10_000, interval: 20 }
const at = '2026-01-02T03:04:05.000Z'
const crashed: DeviceStatus = {
  shell: {
    phase: 'recovering',
    since: at,
    url: 'https://x.test/',
    fault: 'renderer_gone',
    message: 'The page ended.',
    restarts: 1,
  },
  health: null,
}

/** A server, an operator who watches, and a device. */
async function open() {
  const server = await startServerProcess()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const { token } = await signIn(server, 'olga@example.org', 'operator')
  const operator = bearer(token)
  const device = await enrolDevice(server, token, 'lobby-1')
  const watching = sdkClient(server, { getToken: ticketFor(server, token) })
  onTestFinished(() => watching[Symbol.dispose]())
  watching.client.connect()
  const { received: news } = await collect(watching.client, 'telemetry:lobby-1')
  const path = `/api/v1/devices/${device.id}/commands`
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    server.api('POST', path, { headers: { ...operator, ...headers }, body })
  return { server, token, operator, device, news, path, send }
}

test('a command reaches its device, and its result everybody who watches', async () => {
  const { server, operator, device, news, path, send } = await open()
  const played = await connectDevice(server, device)
  onTestFinished(() => played[Symbol.dispose]())

  const { status, body, headers } = await send({ command: 'identify', args: { seconds: 3 } })
  const { id, deadline } = body as { id: string; deadline: string }
  expect(status).toBe(202)
  expect(headers.get('location')).toBe(`${path}/${id}`)
  expect(body).toMatchObject({
    state: 'sent',
    command: 'identify',
    device: { name: 'lobby-1' },
    sentBy: expect.stringMatching(/olga/i),
  })
  const envelope = { id, device: device.id, deadline, command: 'identify', args: { seconds: 3 } }
  await expect.poll(() => played.told, soon).toEqual([envelope])

  const result = { id, state: 'done', code: null, message: 'Its name was shown.', value: { shown: 3 } }
  await played.client.rpc('device.result', result)
  // Saying it again, or saying something else, changes nothing.
  await played.client.rpc('device.result', { ...result, state: 'failed', code: 'late' })
  const told = { type: 'command', command: { id, state: 'done', message: 'Its name was shown.' } }
  await expect.poll(() => news.at(-1), soon).toMatchObject(told)
  expect((await server.api('GET', `${path}/${id}`, { headers: operator })).body).toMatchObject({
    ...{ state: 'done', code: null, value: { shown: 3 }, answeredAt: expect.any(String) },
  })

  const other = await enrolDevice(server, operator.authorization.slice(7), 'lobby-2')
  const another = await connectDevice(server, other)
  onTestFinished(() => another[Symbol.dispose]())
  await expect(another.client.rpc('device.result', result)).rejects.toMatchObject({ code: 1406 })
}, 60_000)

test('a device says how it is, and a fault is seen at once and when it is asked for', async () => {
  const { server, operator, device, news } = await open()
  const played = await connectDevice(server, device)
  onTestFinished(() => played[Symbol.dispose]())
  const begun = performance.now()
  await played.client.rpc('device.report', crashed)
  const status = { shell: { fault: 'renderer_gone', phase: 'recovering' }, health: null }
  await expect.poll(() => news.at(-1), soon).toMatchObject({ type: 'status', status })
  expect(performance.now() - begun).toBeLessThan(10_000)
  const read = await server.api('GET', `/api/v1/devices/${device.id}`, { headers: operator })
  expect(read.body).toMatchObject({
    name: 'lobby-1',
    status: { ...status, reportedAt: expect.any(String) },
    pin: false,
  })
  const listed = await server.api('GET', '/api/v1/devices', { headers: operator })
  expect(listed.body).toMatchObject({ items: [{ status }] })
  const wrong = { ...crashed, shell: { ...crashed.shell, fault: 'bored' } }
  await expect(played.client.rpc('device.report', wrong)).rejects.toMatchObject({ code: 1400 })
}, 60_000)

test('with an idempotency key a command is sent once', async () => {
  const { server, operator, device, send } = await open()
  const played = await connectDevice(server, device)
  onTestFinished(() => played[Symbol.dispose]())
  const key = { 'idempotency-key': 'a-1' }
  const [first, second] = [await send({ command: 'reload' }, key), await send({ command: 'reload' }, key)]
  expect([first.status, second.status]).toEqual([202, 200])
  expect(second.body).toEqual(first.body)
  expect(await send({ command: 'reboot' }, key)).toMatchObject({ status: 409, body: { code: 'already_exists' } })
  await send({ command: 'identify' })
  await expect.poll(() => played.told.length, soon).toBe(2)
  expect(played.told).toMatchObject([{ command: 'reload' }, { command: 'identify' }])
  const { body } = await server.api('GET', `/api/v1/devices/${device.id}/commands?limit=1`, { headers: operator })
  const { items, next } = body as { items: unknown[]; next: string }
  expect(items).toMatchObject([{ command: 'identify' }])
  const behind = `/api/v1/devices/${device.id}/commands?cursor=${next}`
  expect((await server.api('GET', behind, { headers: operator })).body).toMatchObject({
    ...{ items: [{ command: 'reload' }], next: null },
  })
}, 60_000)

test.each([
  [{ command: 'dance' }, /A command is one of/],
  [{ command: 'show', args: { url: 'file:///etc/passwd' } }, /begins with http/],
  [{ command: 'show', args: {} }, /a message/],
  [{ command: 'display' }, /args/],
  [{ command: 'reboot', args: { now: true } }, /no "now" here/],
  [{ command: 'reload', expiresIn: 1 }, /from 5 seconds to a week/],
])('%j is refused with a sentence', async (body, sentence) => {
  const { server, device, operator } = await shared()
  const answer = await server.api('POST', `/api/v1/devices/${device.id}/commands`, { headers: operator, body })
  expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request', detail: expect.stringMatching(sentence) } })
})

test('viewers see what a screen shows; they and devices send nothing, and a key sends with the scope devices', async () => {
  const { server, device } = await shared()
  const path = `/api/v1/devices/${device.id}/commands`
  const viewer = await signIn(server, 'vera@example.org', 'viewer')
  const played = await connectDevice(server, device)
  onTestFinished(() => played[Symbol.dispose]())
  await played.client.rpc('device.report', crashed)
  const looked = await server.api('GET', `/api/v1/devices/${device.id}`, { headers: bearer(viewer.token) })
  expect(looked.body).toMatchObject({ status: { shell: { url: 'https://x.test/', message: 'The page ended.' } } })
  const body = { command: 'reload' }
  for (const token of [viewer.token, device.token]) {
    expect(await server.api('POST', path, { headers: bearer(token), body })).toMatchObject({ status: 403 })
  }
  expect(await server.api('GET', path, { headers: bearer(viewer.token) })).toMatchObject({ status: 403 })
  const keys = { devices: await createKey(server, ['devices']), publish: await createKey(server, ['publish']) }
  expect(await server.api('POST', path, { headers: { 'x-api-key': keys.publish }, body })).toMatchObject({
    status: 403,
  })
  expect(await server.api('POST', path, { headers: { 'x-api-key': keys.devices }, body })).toMatchObject({
    status: 202,
  })
  const nowhere = '/api/v1/devices/nobody/commands'
  expect(await server.api('POST', nowhere, { headers: { 'x-api-key': keys.devices }, body })).toMatchObject({
    ...{ status: 404, body: { code: 'unknown_device' } },
  })
})

test('a screenshot is taken from the device it was asked of, and nothing else', async () => {
  const { server, operator, device, path, send } = await open()
  const { id } = (await send({ command: 'screenshot' })).body as { id: string }
  const png = onePixel()
  const put = (to: PlayedDevice, command: string, body: Uint8Array<ArrayBuffer>, type = 'image/png') =>
    fetch(`${server.url}/api/v1/devices/me/screenshots/${command}`, {
      ...{ method: 'PUT', body },
      headers: { ...bearer(to.token), 'content-type': type },
    })
  const other = await enrolDevice(server, operator.authorization.slice(7), 'lobby-2')
  expect((await put(other, id, png)).status).toBe(404)
  expect((await put(device, id, Buffer.from('<script>alert(1)</script>'))).status).toBe(400)
  expect((await put(device, id, png, 'text/html')).status).toBe(400)
  expect(await announced(server, device, id, 8 * 1024 * 1024 + 1)).toBe(413)
  const { id: reload } = (await send({ command: 'reload' })).body as { id: string }
  expect((await put(device, reload, png)).status).toBe(400)
  expect((await put({ ...device, token: operator.authorization.slice(7) }, id, png)).status).toBe(403)
  expect((await put(device, id, png)).status).toBe(204)

  expect((await server.api('GET', `${path}/${id}`, { headers: operator })).body).toMatchObject({ screenshot: true })
  const picture = await fetch(`${server.url}/api/v1/devices/${device.id}/screenshots/${id}`, { headers: operator })
  expect(Object.fromEntries(picture.headers)).toMatchObject({
    ...{ 'content-type': 'image/png', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
    'content-security-policy': expect.stringMatching(/sandbox/),
  })
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(png)
  const foreign = await fetch(`${server.url}/api/v1/devices/${other.id}/screenshots/${id}`, { headers: operator })
  expect(foreign.status).toBe(404)
}, 60_000)

test('a PIN is set and taken away, and only what scrypt makes of it is kept', async () => {
  const { server, operator, device } = await open()
  const played = await connectDevice(server, device)
  onTestFinished(() => played[Symbol.dispose]())
  const settings = async () =>
    (await server.api('GET', '/api/v1/devices/me/settings', { headers: bearer(device.token) })).body
  expect(await settings()).toEqual({ allowedOrigins: [], pin: null })
  const path = `/api/v1/devices/${device.id}/pin`
  expect(await server.api('PUT', path, { headers: operator, body: { pin: '12ab' } })).toMatchObject({ status: 400 })
  expect(await server.api('PUT', path, { headers: operator, body: { pin: '90817263' } })).toMatchObject({ status: 204 })
  await expect.poll(() => played.told, soon).toEqual([{ settings: true }])
  expect(await settings()).toMatchObject({ pin: { cost: 16384, salt: expect.any(String), hash: expect.any(String) } })
  expect(await server.api('PUT', path, { headers: operator, body: { pin: null } })).toMatchObject({ status: 204 })
  expect(await settings()).toMatchObject({ pin: null })
  expect(server.output()).not.toContain('90817263')
  const withPin = await enrolDevice(server, operator.authorization.slice(7), 'lobby-2', { pin: '123456' })
  const own = await server.api('GET', '/api/v1/devices/me/settings', { headers: bearer(withPin.token) })
  expect(own.body).toMatchObject({ pin: { cost: 16384 } })
}, 60_000)

/** One for tests that leave nothing behind which another sees. */
let together: Promise<{ server: ServerProcess; operator: Record<string, string>; device: PlayedDevice }> | null = null
function shared() {
  together ??= (async () => {
    const server = await startServerProcess()
    const { token } = await signIn(server, 'olga@example.org', 'operator')
    return { server, operator: bearer(token), device: await enrolDevice(server, token, 'lobby-1') }
  })()
  return together
}

afterAll(async () => (await together)?.server[Symbol.asyncDispose]())

/** The status for a picture of so many bytes, of which none is sent: whoever is refused need not go on. */
async function announced({ url }: ServerProcess, { token }: PlayedDevice, command: string, bytes: number) {
  const sent = request(`${url}/api/v1/devices/me/screenshots/${command}`, {
    ...{ method: 'PUT', agent: false, timeout: 20_000 },
    headers: { ...bearer(token), 'content-type': 'image/png', 'content-length': bytes },
  })
  sent.on('timeout', () => sent.destroy(new Error('no answer')))
  sent.flushHeaders()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  // What comes of it further is nothing.
  sent.on('error', () => {}).destroy()
  return response.statusCode
}

function onePixel(): Buffer<ArrayBuffer> {
  const chunk = (type: string, data: Uint8Array) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    // The sum is left out: nobody here looks into the picture.
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)])
  }
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from([0, 255]))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
