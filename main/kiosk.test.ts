import { expect, test, vi } from 'vitest'
import { screenOf } from './kiosk-session.ts'
import { buildKiosk, enrolledKiosk, online, phase } from './test-support/kiosk-rig.ts'
import { reply } from './test-support/little-server.ts'

const lobby = 'commands:lobby-1'

test('a new kiosk shows a code, and once approved keeps its credential and waits', async () => {
  const { kiosk, keychain, device, approve } = await buildKiosk()
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
  const first = await enrolledKiosk()
  first.kiosk[Symbol.dispose]()
  await first.server.stop()
  const { kiosk, states } = await buildKiosk(first)
  kiosk.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ phase: 'enrolled', link: { phase: 'offline' } }))
  await first.server.start()
  await online(kiosk)
  expect(states.some(({ phase: seen }) => seen === 'enrolling')).toBe(false)
})

test('a kiosk that has lost its cache asks the server which device it is', async () => {
  const first = await enrolledKiosk()
  first.kiosk[Symbol.dispose]()
  first.device.content = null
  await first.server.stop()
  const { kiosk } = await buildKiosk(first)
  kiosk.start()
  await phase(kiosk, 'unreachable')
  await first.server.start()
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ device: { id: 'd1', name: 'lobby-1' } })
  expect(first.device.content).toMatchObject({ name: 'lobby-1' })
})

test('commands change the screen in order, and what is no command changes nothing', async () => {
  const { kiosk, server, screens, log } = await enrolledKiosk()
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
  const { kiosk, server, screens } = await enrolledKiosk()
  server.publish(lobby, { show: { message: 'first' } })
  await vi.waitFor(() => expect(screens.length).toBe(1))
  await server.stop()
  await vi.waitFor(() =>
    expect(kiosk.state).toMatchObject({ link: { phase: 'offline' }, screen: { message: 'first' } }),
  )
  server.publish(lobby, { show: { message: 'second' } })
  server.publish(lobby, { show: { message: 'third' } })
  await server.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'third' } }))
  expect(screens.map(({ screen }) => screen.kind === 'message' && screen.message)).toEqual(['first', 'second', 'third'])
})

test('a server with a new history still commands the screen', async () => {
  const { kiosk, server } = await enrolledKiosk()
  for (const message of ['a', 'b', 'c']) server.publish(lobby, { show: { message } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'c' } }))
  await server.stop()
  server.channels.delete(lobby)
  server.channels.set(lobby, { epoch: 'second', top: 0, kept: [] })
  await server.start()
  await online(kiosk)
  server.publish(lobby, { show: { message: 'd' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'd' } }))
})

test('after a restart the newest screen comes back from history, without being a new command', async () => {
  const first = await enrolledKiosk()
  first.kiosk[Symbol.dispose]()
  first.server.publish(lobby, { show: { message: 'old' } })
  first.server.publish(lobby, { show: { message: 'newest' } })
  first.server.publish(lobby, { shout: 'no screen' })
  const { kiosk, screens } = await buildKiosk(first)
  kiosk.start()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'newest' } }))
  expect(screens).toEqual([])
})

test('a refused kiosk says so and shows a new code', async () => {
  const { kiosk, deny } = await buildKiosk()
  kiosk.start()
  await phase(kiosk, 'enrolling')
  deny()
  await vi.waitFor(() =>
    expect(kiosk.state).toMatchObject({ userCode: 'CODE-2', notice: expect.stringContaining('refused') }),
  )
})

test('a kiosk that is told so takes a new credential, keeps it, and goes on with what it shows', async () => {
  const { kiosk, server, keychain, states, log } = await enrolledKiosk()
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
  await vi.waitFor(() => expect([...keychain.entries.values()]).toEqual(['second-token']))
  // As the server does when the new one is first used.
  server.me = { ...server.me, device: { id: 'd1', name: 'lobby-1' } }
  server.sessions.delete('device-token')
  const before = server.commands.length
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await vi.waitFor(() => expect(server.commands.slice(before)).toContainEqual(connectWith('jwt-of-second-token')))
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ screen: { message: 'stays' } })
  expect(states.map(({ phase: seen }) => seen)).not.toContain('starting')
  expect(log.lines.join()).not.toMatch(/second-token/)
})

test('a kiosk tells where its credential is kept', async () => {
  const { server } = await enrolledKiosk()
  await vi.waitFor(() => expect(server.requests).toContain('PATCH /api/v1/devices/me'))
})

test('a kiosk whose device was removed forgets its credential and shows a code with the reason', async () => {
  const { kiosk, server, keychain, device } = await enrolledKiosk()
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
  const { kiosk, server, keychain } = await enrolledKiosk()
  keychain.entries.delete = () => {
    throw new Error('read-only')
  }
  server.sessions.delete('device-token')
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await phase(kiosk, 'enrolling')
})

test('a kiosk enrolled again after a removal works as before', async () => {
  const { kiosk, server, approve } = await enrolledKiosk()
  server.sessions.delete('device-token')
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await phase(kiosk, 'enrolling')
  approve()
  await online(kiosk)
  server.publish(lobby, { show: { message: 'again' } })
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ screen: { message: 'again' } }))
})

test('without a keychain somebody must accept memory, and then nothing is kept', async () => {
  const { kiosk, keychain, device, approve } = await buildKiosk()
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
  const { kiosk, keychain, approve } = await buildKiosk()
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
  const { kiosk, server, keychain, device, approve, told } = await buildKiosk(undefined, 'file')
  kiosk.start()
  await phase(kiosk, 'enrolling')
  approve()
  await online(kiosk)
  expect(kiosk.state).toMatchObject({ storage: 'file' })
  expect([...keychain.entries.values()]).toEqual(['device-token'])
  expect(device.content).toMatchObject({ name: 'lobby-1' })
  await vi.waitFor(() => expect(server.requests).toContain('PATCH /api/v1/devices/me'))
  await vi.waitFor(() => expect(told).toEqual([{ storage: 'file' }]))
})

test('an enrolled kiosk waits for a keychain that starts late instead of enrolling again', async () => {
  const first = await enrolledKiosk()
  first.kiosk[Symbol.dispose]()
  first.keychain.available = false
  const { kiosk, states } = await buildKiosk(first)
  kiosk.start()
  await phase(kiosk, 'no-keychain')
  first.keychain.available = true
  await online(kiosk)
  expect(states.some(({ phase: seen }) => seen === 'enrolling')).toBe(false)
})

test('a renamed device listens where it is called now', async () => {
  const { kiosk, server, device } = await enrolledKiosk()
  server.me = { ...server.me, device: { id: 'd1', name: 'hall-2' } }
  server.disconnect()
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ device: { name: 'hall-2' } }))
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

const connectWith = (token: string) => expect.objectContaining({ connect: expect.objectContaining({ token }) })
