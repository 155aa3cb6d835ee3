import { expect, onTestFinished, test, vi } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import type { Screen } from '#protocol/screen.ts'
import { createCredentials, type LastingStorage } from './credentials.ts'
import { createKiosk, screenOf } from './kiosk.ts'
import { memoryLog } from './log.ts'
import { createServerApi } from './server-api.ts'
import type { DeviceCache } from './settings.ts'
import { type FakeKeychain, fakeKeychain } from './test-support/fake-keychain.ts'
import { type LittleServer, refuse, reply, startLittleServer } from './test-support/little-server.ts'
import { memoryFile } from './test-support/memory-file.ts'

const lobby = 'commands:lobby-1'

test('a new kiosk shows a code, and once approved keeps its credential and waits', async () => {
  const { kiosk, keychain, device, approve } = await build()
  kiosk.start()
  await phase(kiosk, 'enrolling')
  expect(kiosk.state).toMatchObject({
    userCode: 'CODE-1',
    verificationUriComplete: expect.stringContaining('/enrol?code=CODE-1'),
    notice: null,
  })
  approve()
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ device: { name: 'lobby-1' }, storage: 'keychain', screen: { kind: 'waiting' } })
  expect([...keychain.entries.values()]).toEqual(['device-token'])
  expect(device.content).toMatchObject({ id: 'd1', name: 'lobby-1' })
})

test('an enrolled kiosk never asks again, also after a restart without its server', async () => {
  const first = await enrolled()
  first.kiosk[Symbol.dispose]()
  await first.server.stop()
  const { kiosk, states } = await build(first)
  kiosk.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ phase: 'enrolled', link: { phase: 'offline' } }))
  await first.server.start()
  await online(kiosk)
  expect(states.some(({ phase: seen }) => seen === 'enrolling')).toBe(false)
})

test('a kiosk that has lost its cache asks the server which device it is', async () => {
  const first = await enrolled()
  first.kiosk[Symbol.dispose]()
  first.device.content = null
  await first.server.stop()
  const { kiosk } = await build(first)
  kiosk.start()
  await phase(kiosk, 'unreachable')
  await first.server.start()
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ device: { id: 'd1', name: 'lobby-1' } })
  expect(first.device.content).toMatchObject({ name: 'lobby-1' })
})

test('commands change the screen in order, and what is no command changes nothing', async () => {
  const { kiosk, server, screens, log } = await enrolled()
  server.publish(lobby, { show: { title: 'Today', message: 'Doors open at nine' } })
  server.publish(lobby, { shout: 'x' })
  server.publish(lobby, { show: { message: '' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { kind: 'message', title: 'Today' } }))
  server.publish(lobby, { show: null })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { kind: 'waiting' } }))
  expect(screens).toEqual([
    {
      offset: 1,
      screen: { kind: 'message', title: 'Today', message: 'Doors open at nine', receivedAt: expect.any(Number) },
    },
    { offset: 4, screen: { kind: 'waiting' } },
  ])
  expect(log.lines.filter((line) => line.startsWith('command ignored'))).toHaveLength(2)
  expect(log.lines.join('\n')).not.toContain('Doors')
})

test('the screen stays while the server is away, and what was sent meanwhile is shown in order', async () => {
  const { kiosk, server, screens } = await enrolled()
  server.publish(lobby, { show: { message: 'first' } })
  await vi.waitFor(() => expect(screens.length).toBe(1))
  await server.stop()
  await vi.waitFor(() =>
    expect(kiosk.state).toMatchObject({ link: { phase: 'offline' }, screen: { message: 'first' } }),
  )
  server.publish(lobby, { show: { message: 'second' } })
  server.publish(lobby, { show: { message: 'third' } })
  await server.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'third' } }), 3000)
  expect(screens.map(({ screen }) => screen.kind === 'message' && screen.message)).toEqual(['first', 'second', 'third'])
})

test('a server with a new history still commands the screen', async () => {
  const { kiosk, server } = await enrolled()
  for (const message of ['a', 'b', 'c']) server.publish(lobby, { show: { message } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'c' } }))
  await server.stop()
  server.channels.delete(lobby)
  server.channels.set(lobby, { epoch: 'second', top: 0, kept: [] })
  await server.start()
  await online(kiosk)
  server.publish(lobby, { show: { message: 'd' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'd' } }), 3000)
})

test('after a restart the newest screen comes back from history, without being a new command', async () => {
  const first = await enrolled()
  first.kiosk[Symbol.dispose]()
  first.server.publish(lobby, { show: { message: 'old' } })
  first.server.publish(lobby, { show: { message: 'newest' } })
  first.server.publish(lobby, { shout: 'no screen' })
  const { kiosk, screens } = await build(first)
  kiosk.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'newest' } }), 3000)
  expect(screens).toEqual([])
})

test('a refused kiosk says so and shows a new code', async () => {
  const { kiosk, deny } = await build()
  kiosk.start()
  await phase(kiosk, 'enrolling')
  deny()
  await vi.waitFor(() =>
    expect(kiosk.state).toMatchObject({ userCode: 'CODE-2', notice: expect.stringContaining('refused') }),
  )
})

test('a kiosk that is told so takes a new credential, keeps it, and goes on with what it shows', async () => {
  const { kiosk, server, keychain, states, log } = await enrolled()
  server.publish(lobby, { show: { message: 'stays' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'stays' } }))
  const asked = server.onRequest
  server.onRequest = (call, body, response) => {
    if (call !== 'POST /api/v1/devices/me/credential') return asked(call, body, response)
    server.sessions.add('second-token')
    reply(response, { token: 'second-token', expiresAt: '2030-01-01T00:00:00Z' })
    return true
  }
  server.me = { ...server.me, device: { id: 'd1', name: 'lobby-1', rotate: true } }
  server.disconnect({ code: 3011, reason: 'force reconnect' })
  await vi.waitFor(() => expect([...keychain.entries.values()]).toEqual(['second-token']), 3000)
  // As the server does when the new one is first used.
  server.me = { ...server.me, device: { id: 'd1', name: 'lobby-1' } }
  server.sessions.delete('device-token')
  const before = server.commands.length
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await vi.waitFor(() => expect(server.commands.slice(before)).toContainEqual(connectWith('jwt-of-second-token')), 3000)
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ screen: { message: 'stays' } })
  expect(states.map(({ phase: seen }) => seen)).not.toContain('starting')
  expect(log.lines.join()).not.toMatch(/second-token/)
})

test('a kiosk tells where its credential is kept', async () => {
  const { server } = await enrolled()
  await vi.waitFor(() => expect(server.requests).toContain('PATCH /api/v1/devices/me'), 3000)
})

test('a kiosk whose device was removed forgets its credential and shows a code with the reason', async () => {
  const { kiosk, server, keychain, device } = await enrolled()
  server.sessions.delete('device-token')
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await vi.waitFor(
    () => expect(kiosk.state).toMatchObject({ phase: 'enrolling', notice: expect.stringContaining('removed') }),
    3000,
  )
  expect(keychain.entries.size).toBe(0)
  expect(device.content).toBeNull()
})

test('a removed kiosk shows a code also when its keychain cannot delete', async () => {
  const { kiosk, server, keychain } = await enrolled()
  keychain.entries.delete = () => {
    throw new Error('read-only')
  }
  server.sessions.delete('device-token')
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await phase(kiosk, 'enrolling')
})

test('a kiosk enrolled again after a removal works as before', async () => {
  const { kiosk, server, approve } = await enrolled()
  server.sessions.delete('device-token')
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await phase(kiosk, 'enrolling')
  approve()
  await online(kiosk)
  server.publish(lobby, { show: { message: 'again' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'again' } }))
})

test('without a keychain somebody must accept memory, and then nothing is kept', async () => {
  const { kiosk, keychain, device, approve } = await build()
  keychain.available = false
  kiosk.start()
  await phase(kiosk, 'enrolling')
  expect(kiosk.acceptMemory()).toMatchObject({ ok: false, code: 'not_asked' })
  approve()
  await phase(kiosk, 'no-keychain')
  expect(kiosk.acceptMemory()).toEqual({ ok: true })
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ storage: 'memory' })
  expect(device.content).toBeNull()
})

test('a keychain that appears after the approval is used without asking', async () => {
  const { kiosk, keychain, approve } = await build()
  keychain.available = false
  kiosk.start()
  await phase(kiosk, 'enrolling')
  approve()
  await phase(kiosk, 'no-keychain')
  keychain.available = true
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ storage: 'keychain' })
})

test('a kiosk whose keychain is worth a file says so, to people and to the server, and remembers all the same', async () => {
  const { kiosk, server, keychain, device, approve, told } = await build(undefined, 'file')
  kiosk.start()
  await phase(kiosk, 'enrolling')
  approve()
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ storage: 'file' })
  expect([...keychain.entries.values()]).toEqual(['device-token'])
  expect(device.content).toMatchObject({ name: 'lobby-1' })
  await vi.waitFor(() => expect(server.requests).toContain('PATCH /api/v1/devices/me'), 3000)
  expect(told).toEqual([{ storage: 'file' }])
})

test('an enrolled kiosk waits for a keychain that starts late instead of enrolling again', async () => {
  const first = await enrolled()
  first.kiosk[Symbol.dispose]()
  first.keychain.available = false
  const { kiosk, states } = await build(first)
  kiosk.start()
  await phase(kiosk, 'no-keychain')
  first.keychain.available = true
  await online(kiosk)
  expect(states.some(({ phase: seen }) => seen === 'enrolling')).toBe(false)
})

test('a renamed device listens where it is called now', async () => {
  const { kiosk, server, device } = await enrolled()
  server.me = { ...server.me, device: { id: 'd1', name: 'hall-2' } }
  server.disconnect()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ device: { name: 'hall-2' } }), 3000)
  await vi.waitFor(() => expect(server.commands.at(-1)?.subscribe?.channel).toBe('commands:hall-2'))
  server.publish('commands:hall-2', { show: { message: 'hello' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'hello' } }))
  expect(device.content).toMatchObject({ name: 'hall-2' })
})

test.each([
  [{ show: { message: 'x' } }, { kind: 'message', message: 'x', receivedAt: 5 }],
  [{ show: null }, { kind: 'waiting' }],
  [{ show: { message: 'x'.repeat(2001) } }, null],
  [{ show: 'x' }, null],
  ['show', null],
  [null, null],
])('%j on the command channel makes of the screen %j', (data, screen) => {
  expect(screenOf(data, 5)).toEqual(screen)
})

interface Earlier {
  readonly server: LittleServer
  readonly keychain: FakeKeychain
  readonly device: ReturnType<typeof memoryFile<DeviceCache>>
}

async function build(earlier?: Earlier, lasting: LastingStorage = 'keychain') {
  const server = earlier?.server ?? (await startLittleServer())
  if (earlier === undefined) onTestFinished(() => server[Symbol.asyncDispose]())
  const keychain = earlier?.keychain ?? fakeKeychain()
  const device = earlier?.device ?? memoryFile<DeviceCache>()
  const told: unknown[] = []
  let given = 0
  let decision: 'pending' | 'approve' | 'deny' = 'pending'
  if (earlier === undefined) {
    server.me = { ...server.me, kind: 'device', role: 'device', email: null, device: { id: 'd1', name: 'lobby-1' } }
    server.onRequest = (call, body, response) => {
      if (call === 'PATCH /api/v1/devices/me') {
        told.push(body)
        response.writeHead(204).end()
      } else if (call === 'POST /api/v1/enrolments') {
        given++
        decision = 'pending'
        reply(response, {
          device_code: `device-${given}`,
          user_code: `CODE-${given}`,
          verification_uri: `${server.origin}/enrol`,
          verification_uri_complete: `${server.origin}/enrol?code=CODE-${given}`,
          expires_in: 900,
          interval: 1,
        })
      } else if (call === 'POST /api/v1/enrolments/token') {
        if (decision === 'pending') refuse(response, 'authorization_pending', 400)
        else if (decision === 'deny') refuse(response, 'access_denied', 400)
        else {
          server.sessions.add('device-token')
          const approved = { id: 'd1', name: 'lobby-1' }
          reply(response, { token: 'device-token', expiresAt: '2030-01-01T00:00:00Z', device: approved })
        }
      } else return false
      return true
    }
  }
  const states: KioskState[] = []
  const screens: { readonly offset: number; readonly screen: Screen }[] = []
  const log = memoryLog()
  const kiosk = createKiosk({
    api: createServerApi({ origin: server.origin, timeout: 2000 }),
    version: '0',
    credentials: createCredentials({ open: keychain.open, lasting }),
    device,
    about: { hostname: 'pi', version: '0', platform: 'linux arm' },
    log,
    onState: (state) => void states.push(state),
    onScreen: (shown) => void screens.push(shown),
    times: { minReconnect: 5, maxReconnect: 20, maxReplace: 20, second: 10, keychain: 20 },
  })
  onTestFinished(() => kiosk[Symbol.dispose]())
  const approve = () => {
    decision = 'approve'
  }
  const deny = () => {
    decision = 'deny'
  }
  return { kiosk, server, keychain, device, states, screens, log, told, approve, deny }
}

async function enrolled() {
  const built = await build()
  built.kiosk.start()
  await phase(built.kiosk, 'enrolling')
  built.approve()
  await online(built.kiosk)
  await vi.waitFor(() => expect(built.server.commands.some(({ history }) => history)).toBe(true))
  return built
}

const connectWith = (token: string) => expect.objectContaining({ connect: expect.objectContaining({ token }) })

async function phase(kiosk: { readonly state: KioskState }, expected: KioskState['phase']): Promise<void> {
  await vi.waitFor(() => expect(kiosk.state.phase).toBe(expected), 3000)
}

async function online(kiosk: { readonly state: KioskState }): Promise<void> {
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ phase: 'enrolled', link: { phase: 'online' } }), 3000)
}
