import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { DeviceCommandResult } from '#protocol/device-commands.ts'
import type { DeviceStatus } from '#protocol/device-report.ts'
import { type FakeHost, fakeNative, onePixel } from './test-support/fake-host.ts'
import { buildKiosk, type EarlierKiosk, enrolledKiosk, online } from './test-support/kiosk-rig.ts'
import { type LittleServer, refuse, reply } from './test-support/little-server.ts'

const lobby = 'commands:lobby-1'
const news = 'https://news.example.org'

test('commands change the screen and say so once each, in order', async () => {
  const { kiosk, server, host, files, told } = await withServer()
  host.allowed.add(news)
  const sent = [
    send(server, 'show', { message: 'Doors open at nine', title: 'Today' }),
    send(server, 'show', { url: `${news}/board` }),
    send(server, 'reload', { fresh: true }),
    send(server, 'identify', {}),
    send(server, 'display', { on: false }),
    send(server, 'show', { nothing: true }),
  ]
  await vi.waitFor(() => expect(told.results).toHaveLength(6))
  expect(told.results.map(({ id, state }) => [id, state])).toEqual(sent.map((id) => [id, 'done']))
  expect(host.asked).toEqual([`show ${news}/board`, 'reload true', 'identify 15', 'display false', 'show null'])
  expect(kiosk.state).toMatchObject({ screen: { kind: 'waiting' } })
  await vi.waitFor(() => expect(files.content.content).toMatchObject({ screen: { kind: 'waiting' }, below: null }))
})

test('what this device cannot do is refused with a sentence, and changes nothing', async () => {
  const { kiosk, server, told } = await withServer(undefined, (host) => {
    Object.assign(host, { native: fakeNative(), machine: { ...host.machine, reboot: null } })
  })
  send(server, 'show', { message: 'stays' })
  send(server, 'show', { url: 'https://elsewhere.example.org' })
  send(server, 'reload', {})
  send(server, 'display', { on: true })
  send(server, 'reboot', {})
  await vi.waitFor(() => expect(told.results).toHaveLength(5))
  expect(told.results.map(({ state, code }) => `${state} ${code}`)).toEqual([
    'done null',
    'refused origin_not_allowed',
    'refused nothing_shown',
    'refused not_available',
    'refused reboot_not_allowed',
  ])
  expect(kiosk.state).toMatchObject({ screen: { kind: 'message', message: 'stays' } })
})

test('a screenshot is sent with the credential of the device, and then its result', async () => {
  const { server, told } = await withServer()
  const id = send(server, 'screenshot', {})
  await vi.waitFor(() => expect(told.results).toMatchObject([{ id, state: 'done' }]))
  expect(told.pictures).toEqual([{ call: `PUT /api/v1/devices/me/screenshots/${id}`, png: onePixel }])
  server.onRequest = ((asked) => (call, body, response) => {
    if (!call.includes('/screenshots/')) return asked(call, body, response)
    refuse(response, 'too_large', 413, 'The picture is too large.')
    return true
  })(server.onRequest)
  send(server, 'screenshot', {})
  await vi.waitFor(() => expect(told.results[1]).toMatchObject({ state: 'failed', code: 'failed' }))
})

test('diagnostics bring what is known, bounded and without secrets', async () => {
  const { server, told } = await withServer()
  send(server, 'show', { message: 'Nobody else needs to know' })
  send(server, 'diagnostics', {})
  await vi.waitFor(() => expect(told.results).toHaveLength(2))
  const { value } = told.results[1] as { value: object }
  expect(value).toMatchObject({
    kiosk: { device: { name: 'lobby-1' }, storage: 'keychain', link: { phase: 'online' }, screen: 'message' },
    health: { temperature: 51.5, memoryTotal: null },
    shell: { phase: 'waiting' },
  })
  expect(JSON.stringify(value).length).toBeLessThan(32_768)
  expect(JSON.stringify(value)).not.toMatch(/device-token|Nobody/)
})

test('restarting ends this run, and the next one says that it is there', async () => {
  const first = await withServer()
  const id = send(first.server, 'restart-app', {})
  send(first.server, 'reload', {})
  await vi.waitFor(() => expect(first.host.asked).toEqual(['restart']))
  first.kiosk[Symbol.dispose]()
  await vi.waitFor(() => expect(first.files.commands.content).toMatchObject({ begun: { id } }))
  const next = await again(first)
  await vi.waitFor(() => expect(first.told.results).toHaveLength(2))
  expect(first.told.results).toMatchObject([{ id, state: 'done', code: null }, { code: 'nothing_shown' }])
  expect(next.host.asked).toEqual(['restart'])
})

test('what was sent while the kiosk was off is done in order when it is back, unless it is too late', async () => {
  const first = await withServer()
  first.kiosk[Symbol.dispose]()
  first.host.allowed.add(news)
  const late = send(first.server, 'show', { message: 'too late' }, -1000)
  first.server.publish(lobby, { show: { message: 'older' } })
  const identify = send(first.server, 'identify', { seconds: 5 })
  const page = send(first.server, 'show', { message: 'newest' })
  const { kiosk } = await again(first)
  await vi.waitFor(() => expect(first.told.results).toHaveLength(3))
  expect(first.told.results.map(({ id, state }) => [id, state])).toEqual([
    [late, 'expired'],
    [identify, 'done'],
    [page, 'done'],
  ])
  expect(kiosk.state).toMatchObject({ screen: { message: 'newest' } })
})

test('a message that was sent after a command is not replaced by it', async () => {
  const first = await withServer()
  first.kiosk[Symbol.dispose]()
  const id = send(first.server, 'show', { message: 'older' })
  first.server.publish(lobby, { show: { message: 'newest' } })
  const { kiosk } = await again(first)
  await vi.waitFor(() => expect(first.told.results).toMatchObject([{ id, state: 'refused', code: 'overtaken' }]))
  expect(kiosk.state).toMatchObject({ screen: { message: 'newest' } })
})

test('after a start without its server a kiosk shows what it was told last', async () => {
  const first = await withServer()
  send(first.server, 'show', { message: 'before' })
  await vi.waitFor(() => expect(first.files.content.content).toMatchObject({ screen: { message: 'before' } }))
  first.kiosk[Symbol.dispose]()
  await first.server.stop()
  const { kiosk } = await buildKiosk(first)
  kiosk.start()
  await vi.waitFor(() =>
    expect(kiosk.state).toMatchObject({ phase: 'enrolled', link: { phase: 'offline' }, screen: { message: 'before' } }),
  )
  await first.server.start()
  await online(kiosk)
  await vi.waitFor(() => expect(first.told.reports.length).toBeGreaterThan(1))
  expect(kiosk.state).toMatchObject({ screen: { message: 'before' } })
})

test('a page that was shown before is shown after a start, also below a message', async () => {
  const first = await withServer({ allowedOrigins: [news], pin: null })
  send(first.server, 'show', { url: `${news}/board` })
  send(first.server, 'show', { message: 'over it' })
  await vi.waitFor(() => expect(first.files.content.content).toMatchObject({ below: `${news}/board` }))
  first.kiosk[Symbol.dispose]()
  await first.server.stop()
  first.host.asked.length = 0
  first.host.allowed.clear()
  const { kiosk } = await buildKiosk(first)
  kiosk.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'over it' } }))
  expect(first.host.asked).toEqual([`show ${news}/board`])
})

test('settings are asked for at each connection and when they change, and kept for when there is no server', async () => {
  const first = await withServer({ allowedOrigins: [news], pin: null })
  await vi.waitFor(() => expect([...first.host.allowed]).toEqual([news]))
  first.told.settings = { allowedOrigins: [], pin: null }
  first.server.publish(lobby, { settings: true })
  await vi.waitFor(() => expect([...first.host.allowed]).toEqual([]))
  first.told.settings = { allowedOrigins: [news, 'http://10.0.0.7:8080'], pin: null }
  first.server.disconnect()
  await vi.waitFor(() => expect([...first.host.allowed]).toHaveLength(2))
  await vi.waitFor(() => expect(first.files.settings.content).toMatchObject({ settings: first.told.settings }))
  first.kiosk[Symbol.dispose]()
  await first.server.stop()
  first.host.allowed.clear()
  const { kiosk } = await buildKiosk(first)
  kiosk.start()
  await vi.waitFor(() => expect([...first.host.allowed]).toHaveLength(2))
})

test('the server hears at once of each change of the content, and after an outage of the newest alone', async () => {
  const { kiosk, server, host, told } = await withServer()
  await vi.waitFor(() => expect(told.reports).toHaveLength(1))
  expect(told.reports[0]).toMatchObject({ shell: { phase: 'waiting' }, health: { temperature: 51.5 } })
  await server.stop()
  for (const phase of ['loading', 'recovering', 'failed'] as const) {
    host.state = { ...host.state, phase }
    kiosk.shellChanged()
  }
  await server.start()
  await vi.waitFor(() => expect(told.reports.at(-1)).toMatchObject({ shell: { phase: 'failed' } }))
  expect(told.reports.map(({ shell }) => shell.phase)).not.toContain('recovering')
})

test('the server hears that a message is on the screen, and that it is gone', async () => {
  const { server, told } = await withServer()
  send(server, 'show', { message: 'Lunch is ready' })
  await vi.waitFor(() => expect(told.reports.at(-1)).toMatchObject({ shell: { isCovered: true } }))
  send(server, 'show', { nothing: true })
  await vi.waitFor(() => expect(told.reports.at(-1)).toMatchObject({ shell: { isCovered: false } }))
})

test('a kiosk that forgets its credential shows a code and leaves nothing of what it was told', async () => {
  const { kiosk, server, files, keychain, told } = await withServer({ allowedOrigins: [news], pin: null })
  send(server, 'show', { message: 'secret' })
  await vi.waitFor(() => expect(told.results).toHaveLength(1))
  expect(kiosk.secrets()).toEqual(['device-token'])
  expect(await kiosk.forgetCredential()).toEqual({ ok: true, value: true })
  expect(server.sessions).not.toContain('device-token')
  await vi.waitFor(() =>
    expect(kiosk.state).toMatchObject({ phase: 'enrolling', notice: expect.stringContaining('forgotten') }),
  )
  expect(keychain.entries.size).toBe(0)
  expect(Object.values(files).map(({ content }) => content)).toEqual([null, null, null, null])
  expect(await kiosk.renewCredential()).toMatchObject({ ok: false, code: 'not_enrolled' })
  expect(kiosk.secrets()).toEqual([])
})

test('a kiosk forgets its credential also where the server cannot be told, and says so', async () => {
  const { kiosk, server, keychain } = await withServer()
  await server.stop()
  expect(await kiosk.forgetCredential()).toEqual({ ok: true, value: false })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ phase: 'unreachable' }))
  expect(keychain.entries.size).toBe(0)
})

test('a credential is renewed at the screen, and it says so where the server gives none', async () => {
  const { kiosk, server, keychain } = await withServer()
  expect(await kiosk.renewCredential()).toMatchObject({ ok: false, code: 'credential_not_renewed' })
  server.onRequest = ((asked) => (call, body, response) => {
    if (call !== 'POST /api/v1/devices/me/credential') return asked(call, body, response)
    server.sessions.add('second-token')
    reply(response, { token: 'second-token', expiresAt: '2030-01-01T00:00:00Z' })
    return true
  })(server.onRequest)
  expect(await kiosk.renewCredential()).toEqual({ ok: true })
  expect([...keychain.entries.values()]).toEqual(['second-token'])
})

test.each([
  ['a message', 'a command', { show: { message: 'older' } }],
  ['a command', 'a message', { command: 'show', args: { message: 'older' } }],
] as const)('%s of the past does not replace %s that has come while the past was read', async (_, live, older) => {
  const first = await withServer()
  const { server, told } = first
  first.kiosk[Symbol.dispose]()
  if ('show' in older) server.publish(lobby, older)
  else send(server, older.command, older.args)
  const last = send(server, 'identify', {})
  const held = holdHistory(server)
  const { kiosk } = await again(first)
  await vi.waitFor(() => expect(held.asked).toBe(true))
  if (live === 'a command') send(server, 'show', { message: 'newer' })
  else server.publish(lobby, { show: { message: 'newer' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'newer' } }))
  held.release()
  await vi.waitFor(() => expect(told.results.map(({ id }) => id)).toContain(last))
  expect(kiosk.state).toMatchObject({ screen: { message: 'newer' } })
})

test('a command that waits for its turn while the past is read is not overtaken by it', async () => {
  const first = await withServer()
  const { server, told } = first
  first.kiosk[Symbol.dispose]()
  server.publish(lobby, { show: { message: 'older' } })
  const held = holdHistory(server)
  const picture = Promise.withResolvers<void>()
  server.onRequest = ((asked) => async (call, body, response) => {
    if (call.includes('/screenshots/')) await picture.promise
    return asked(call, body, response)
  })(server.onRequest)
  const { kiosk } = await again(first)
  await vi.waitFor(() => expect(held.asked).toBe(true))
  send(server, 'screenshot', {})
  const newer = send(server, 'show', { message: 'newer' })
  await vi.waitFor(() => expect(server.requests.some((call) => call.includes('/screenshots/'))).toBe(true))
  held.release()
  // What is sent after it is answered after it.
  const settled = send(server, 'dance', {})
  await vi.waitFor(() => expect(told.results.map(({ id }) => id)).toContain(settled))
  picture.resolve()
  await vi.waitFor(() => expect(told.results).toContainEqual(expect.objectContaining({ id: newer, state: 'done' })))
  expect(kiosk.state).toMatchObject({ screen: { message: 'newer' } })
})

test('a page that waits for its origin to be allowed does not replace what has come meanwhile', async () => {
  const { kiosk, server, host, told, log } = await withServer()
  const asked = Promise.withResolvers<void>()
  const allowed = Promise.withResolvers<void>()
  server.onRequest = ((usual) => async (call, body, response) => {
    if (call === 'GET /api/v1/devices/me/settings') {
      asked.resolve()
      await allowed.promise
    }
    return usual(call, body, response)
  })(server.onRequest)
  server.publish(lobby, { settings: true })
  await asked.promise
  const page = send(server, 'show', { url: `${news}/board` })
  await vi.waitFor(() => expect(log.lines.join()).toContain(`command begun id=${page}`))
  server.publish(lobby, { show: { message: 'newer' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'newer' } }))
  told.settings = { allowedOrigins: [news], pin: null }
  allowed.resolve()
  await vi.waitFor(() => expect(told.results).toMatchObject([{ id: page, state: 'refused' }]))
  expect(kiosk.state).toMatchObject({ screen: { message: 'newer' } })
  expect(host.allowed).toContain(news)
})

/** Answers the next question for the past when it is told to, with what it was then. */
function holdHistory(server: LittleServer) {
  const usual = server.onCommand
  let answer: (() => void) | null = null
  server.onCommand = (command, socket) => {
    if (command.history === undefined || answer !== null) return usual(command, socket)
    const { epoch, top, kept } = server.channels.get(lobby) ?? { epoch: '', top: 0, kept: [] }
    const history = { epoch, offset: top, publications: kept.toReversed() }
    answer = () => socket.send(JSON.stringify({ id: command.id, history }))
    return null
  }
  return {
    get asked() {
      return answer !== null
    },
    release: () => answer?.(),
  }
}

/** Sends a command to lobby-1; its deadline is so many milliseconds away. Answers its id. */
function send(server: LittleServer, command: string, args: object, inMs = 60_000): string {
  const id = randomUUID()
  const deadline = new Date(Date.now() + inMs).toISOString()
  server.publish(lobby, { id, device: 'lobby-1', deadline, command, args })
  return id
}

interface Told {
  readonly results: DeviceCommandResult[]
  readonly reports: DeviceStatus[]
  readonly pictures: { call: string; png: unknown }[]
  settings: unknown
}

/** An enrolled kiosk, and a server that takes down what it is told. */
async function withServer(
  settings: unknown = { allowedOrigins: [], pin: null },
  prepare: (host: FakeHost) => void = () => {},
) {
  const told: Told = { results: [], reports: [], pictures: [], settings }
  const built = await enrolledKiosk(({ server, host }) => {
    prepare(host)
    server.onCommand = ({ rpc }) => {
      if (rpc?.method === 'device.result') told.results.push(rpc.data as DeviceCommandResult)
      else if (rpc?.method === 'device.report') told.reports.push(rpc.data as DeviceStatus)
      else return undefined
      return { rpc: { data: {} } }
    }
    const asked = server.onRequest
    server.onRequest = (call, body, response) => {
      if (call === 'GET /api/v1/devices/me/settings') reply(response, told.settings)
      else if (call.startsWith('PUT /api/v1/devices/me/screenshots/')) {
        told.pictures.push({ call, png: body })
        response.writeHead(204).end()
      } else return asked(call, body, response)
      return true
    }
  })
  return { ...built, told }
}

/** The next run of the app. */
async function again(earlier: EarlierKiosk) {
  const built = await buildKiosk(earlier)
  built.kiosk.start()
  await online(built.kiosk)
  return built
}
