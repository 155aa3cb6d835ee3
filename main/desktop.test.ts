import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { DesktopState, OwnTasksState } from '#protocol/ipc.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { createCredentials } from './credentials.ts'
import { createDesktop } from './desktop.ts'
import { memoryLog } from './log.ts'
import { createServerApi } from './server-api.ts'
import type { AccountCache } from './settings.ts'
import { type FakeKeychain, fakeKeychain } from './test-support/fake-keychain.ts'
import { type LittleServer, refuse, startLittleServer } from './test-support/little-server.ts'
import { memoryFile } from './test-support/memory-file.ts'

const ada = { email: 'ada@example.org', password: 'correct horse', storage: 'keychain' } as const

test('without a credential the app is signed out', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  expect(desktop.state).toEqual({ phase: 'signed-out', server: server.origin, notice: null })
})

test('signing in keeps the token in the keychain, the account in a file, and goes online', async () => {
  const { desktop, server, keychain, account, remembered } = await build()
  await desktop.start()
  expect(await desktop.signIn({ server: server.origin, ...ada })).toEqual({ ok: true })
  expect([...keychain.entries]).toEqual([[`carillon/desktop ${server.origin}`, 'session']])
  expect(account.content).toEqual({
    server: server.origin,
    name: 'Ada',
    email: 'ada@example.org',
    role: 'operator',
    follows: [],
  })
  expect(remembered).toEqual([server.origin])
  await online(desktop)
  expect(desktop.state).toMatchObject({ account: { name: 'Ada', role: 'operator' }, storage: 'keychain' })
  expect(JSON.stringify([desktop.state, account.content])).not.toContain('session')
})

test('after a restart the app is signed in without asking, follows included', async () => {
  const first = await build()
  first.server.stars.add('news:a')
  await first.desktop.start()
  await first.desktop.signIn({ server: first.server.origin, ...ada })
  first.desktop[Symbol.dispose]()
  const { desktop, events } = await build(first)
  const before = first.server.commands.length
  await desktop.start()
  await online(desktop)
  await vi.waitFor(() => expect(first.server.commands.slice(before).some(({ subscribe }) => subscribe)).toBe(true))
  first.server.publish('news:a', 1)
  await vi.waitFor(() => expect(events.map(({ data }) => data)).toEqual([1]))
  expect(desktop.state).toMatchObject({ follows: ['news:a'] })
})

test('after a restart the app has what was shown before and what was published meanwhile, as nothing new', async () => {
  const first = await build()
  first.server.stars.add('news:a')
  await first.desktop.start()
  await first.desktop.signIn({ server: first.server.origin, ...ada })
  await vi.waitFor(() => expect(first.server.commands.some(({ subscribe }) => subscribe)).toBe(true))
  first.server.publish('news:a', 'shown')
  await vi.waitFor(() => expect(first.events.map(({ data }) => data)).toEqual(['shown']))
  first.desktop[Symbol.dispose]()
  first.server.publish('news:a', 'missed')
  const { desktop, events, read } = await build(first)
  await desktop.start()
  await vi.waitFor(() => expect(read.map(({ data }) => data)).toEqual(['shown', 'missed']))
  expect(desktop.events).toEqual(read)
  expect(events).toEqual([])
})

test('without its server a signed-in app shows who it is and that it is offline', async () => {
  const first = await build()
  first.server.stars.add('news:a')
  await first.desktop.start()
  await first.desktop.signIn({ server: first.server.origin, ...ada })
  first.desktop[Symbol.dispose]()
  await first.server.stop()
  const { desktop, states } = await build(first)
  await desktop.start()
  await vi.waitFor(() =>
    expect(desktop.state).toMatchObject({
      phase: 'signed-in',
      account: { name: 'Ada' },
      follows: ['news:a'],
      link: { phase: 'offline', code: 'server_unreachable' },
    }),
  )
  expect(states.some(({ phase }) => phase === 'signed-out')).toBe(false)
  await first.server.start()
  await online(desktop)
})

test.each([
  ['wrong_credentials', 401],
  ['rate_limited', 429],
] as const)('a sign-in refused with %s is told and leaves nothing behind', async (code, status) => {
  const { desktop, server, keychain } = await build()
  await desktop.start()
  server.onRequest = (call, _body, response) => {
    if (call !== 'POST /api/v1/token') return false
    refuse(response, code, status, 'A sentence.')
    return true
  }
  expect(await desktop.signIn({ server: server.origin, ...ada })).toEqual({ ok: false, code, message: 'A sentence.' })
  expect(desktop.state.phase).toBe('signed-out')
  expect(keychain.entries.size).toBe(0)
})

test('where a code is needed the same sign-in is sent with it, and without one nothing is left behind', async () => {
  const { desktop, server, keychain } = await build()
  await desktop.start()
  const codes: unknown[] = []
  server.onRequest = (call, body, response) => {
    if (call !== 'POST /api/v1/token') return false
    const { code } = body as { code?: string }
    codes.push(code)
    if (code === '123456') return false
    refuse(response, 'code_required', 401, 'Send the code as well.')
    return true
  }
  expect(await desktop.signIn({ server: server.origin, ...ada })).toMatchObject({ ok: false, code: 'code_required' })
  expect(keychain.entries.size).toBe(0)
  expect(await desktop.signIn({ server: server.origin, ...ada, code: '123456' })).toEqual({ ok: true })
  expect(codes).toEqual([undefined, '123456'])
})

test('a bad address, a stranger and nobody at all are told apart', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  expect(await desktop.signIn({ server: 'ftp://x', ...ada })).toMatchObject({ code: 'bad_address' })
  server.onRequest = (_call, _body, response) => {
    response.end('<html>')
    return true
  }
  expect(await desktop.signIn({ server: server.origin, ...ada })).toMatchObject({ code: 'not_carillon' })
  await server.stop()
  expect(await desktop.signIn({ server: server.origin, ...ada })).toMatchObject({ code: 'server_unreachable' })
})

test('without a keychain no password is sent; in memory it works once the person agreed', async () => {
  const { desktop, server, keychain, account } = await build()
  keychain.available = false
  await desktop.start()
  expect(desktop.state).toMatchObject({ phase: 'signed-out', notice: null })
  expect(await desktop.signIn({ server: server.origin, ...ada })).toMatchObject({
    ok: false,
    code: 'keychain_unavailable',
  })
  expect(server.requests).not.toContain('POST /api/v1/token')
  expect(await desktop.signIn({ server: server.origin, ...ada, storage: 'memory' })).toEqual({ ok: true })
  expect(desktop.state).toMatchObject({ phase: 'signed-in', storage: 'memory' })
  expect(account.content).toBeNull()
  expect(await desktop.signOut()).toEqual({ ok: true })
})

test('a keychain that fails only when writing ends the session it cannot keep', async () => {
  const { desktop, server, keychain } = await build()
  await desktop.start()
  server.onRequest = (call) => {
    if (call === 'GET /api/v1/me') keychain.available = false
    return false
  }
  expect(await desktop.signIn({ server: server.origin, ...ada })).toMatchObject({ code: 'keychain_unavailable' })
  expect(server.requests.at(-1)).toBe('DELETE /api/v1/token')
  expect(desktop.state.phase).toBe('signed-out')
})

test('somebody who was signed in learns that the keychain is gone', async () => {
  const first = await build()
  await first.desktop.start()
  await first.desktop.signIn({ server: first.server.origin, ...ada })
  first.desktop[Symbol.dispose]()
  first.keychain.available = false
  const { desktop } = await build(first)
  await desktop.start()
  expect(desktop.state).toMatchObject({ phase: 'signed-out', notice: expect.stringContaining('no keychain') })
})

test('signing out tells the server and forgets everything', async () => {
  const { desktop, server, keychain, account } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  expect(await desktop.signOut()).toEqual({ ok: true })
  expect(server.sessions.size).toBe(0)
  expect(keychain.entries.size).toBe(0)
  expect(account.content).toBeNull()
  expect(desktop.events).toEqual([])
  expect(desktop.state).toEqual({ phase: 'signed-out', server: server.origin, notice: null })
})

test('signing out works without the server', async () => {
  const { desktop, server, keychain } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await server.stop()
  expect(await desktop.signOut()).toEqual({ ok: true })
  expect(keychain.entries.size).toBe(0)
})

test('a credential is gone before the server hears of it, and one of a new sign-in stays', async () => {
  const { desktop, server, keychain, account } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  const answer = Promise.withResolvers<void>()
  server.onRequest = async (call) => {
    if (call === 'DELETE /api/v1/token') await answer.promise
    return false
  }
  const leaving = desktop.signOut()
  expect(await desktop.signIn({ server: server.origin, ...ada })).toEqual({ ok: true })
  answer.resolve()
  expect(await leaving).toEqual({ ok: true })
  expect(desktop.state.phase).toBe('signed-in')
  expect(keychain.entries.size).toBe(1)
  expect(account.content).not.toBeNull()
})

test('a revoked session signs out with a notice and deletes the credential', async () => {
  const { desktop, server, keychain, account } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  server.sessions.clear()
  server.disconnect({ code: 3503, reason: 'force disconnect' })
  await vi.waitFor(
    () => expect(desktop.state).toMatchObject({ phase: 'signed-out', notice: expect.stringContaining('ended') }),
    3000,
  )
  await vi.waitFor(() => expect(keychain.entries.size).toBe(0))
  expect(account.content).toBeNull()
})

test('following subscribes at once and is kept on the server', async () => {
  const { desktop, server, events, account } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  const following = desktop.follow('news:a')
  expect(desktop.state).toMatchObject({ follows: ['news:a'] })
  expect(await following).toEqual({ ok: true })
  expect([...server.stars]).toEqual(['news:a'])
  expect(account.content?.follows).toEqual(['news:a'])
  server.publish('news:a', 1)
  await vi.waitFor(() => expect(events.length).toBe(1))
  expect(desktop.events).toEqual(events)
  expect(await desktop.unfollow('news:a')).toEqual({ ok: true })
  expect(desktop.state).toMatchObject({ follows: [] })
  expect(server.stars.size).toBe(0)
})

test('a follow or unfollow that the server refuses is rolled back', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  await desktop.follow('news:kept')
  server.onRequest = (call, _body, response) => {
    if (!call.includes('/api/v1/stars/')) return false
    refuse(response, 'unknown_channel', 404, 'No namespace.')
    return true
  }
  const refused = { ok: false, code: 'unknown_channel', message: 'No namespace.' }
  expect(await desktop.follow('nope:a')).toEqual(refused)
  expect(await desktop.unfollow('news:kept')).toEqual(refused)
  expect(desktop.state).toMatchObject({ follows: ['news:kept'] })
})

test('a channel that may be starred but not subscribed is not followed, and the reason is told', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  server.onCommand = ({ subscribe }) =>
    subscribe === undefined ? undefined : { error: { code: 103, message: 'permission denied' } }
  expect(await desktop.follow('commands:lobby')).toMatchObject({
    ok: false,
    message: expect.stringContaining('may not follow commands:lobby'),
  })
  expect(desktop.state).toMatchObject({ follows: [], refusals: [] })
  expect(server.stars.size).toBe(0)
})

test('what is followed elsewhere is followed here after the next connection', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  server.stars.add('news:b')
  server.disconnect()
  await vi.waitFor(() => expect(desktop.state).toMatchObject({ follows: ['news:b'] }))
})

test('publications that are gone for good are shown as a gap', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await online(desktop)
  await desktop.follow('news:a')
  await server.stop()
  for (let n = 0; n < 5; n++) server.publish('news:a', n)
  server.channels.get('news:a')?.kept.splice(0, 3)
  await server.start()
  await vi.waitFor(() => expect(desktop.state).toMatchObject({ gaps: [{ channel: 'news:a', missed: 3 }] }))
})

test('nobody signs in twice, and nothing is followed by nobody', async () => {
  const { desktop, server } = await build()
  await desktop.start()
  expect(await desktop.follow('news:a')).toMatchObject({ ok: false, code: 'signed_out' })
  const [first, second] = await Promise.all([
    desktop.signIn({ server: server.origin, ...ada }),
    desktop.signIn({ server: server.origin, ...ada }),
  ])
  expect([first.ok, second.ok]).toEqual([true, false])
  expect(await desktop.signIn({ server: server.origin, ...ada })).toMatchObject({ code: 'already_signed_in' })
})

test('tasks are fetched at every connection, pushed in between, and gone with whoever signs out', async () => {
  const { desktop, server, told } = await build()
  const at = '2026-01-02T03:04:05.000Z'
  const task = {
    ...{
      id: '0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a51',
      name: 'carillon.add',
      state: 'running',
      owner: { id: 'u1', name: 'Ada' },
    },
    ...{ queue: 'celery', priority: 0, submittedAt: at, startAt: at, expiresAt: null, startedAt: at, endedAt: null },
    ...{ tries: 1, progress: 0.1, note: null, worker: 'w', error: null, files: [], isCancelling: false },
  }
  let listed: Record<string, unknown> = task
  server.onCommand = ({ rpc }) => {
    if (rpc?.method === 'tasks.definitions') return { rpc: { data: { items: [] } } }
    if (rpc?.method === 'tasks.list') return { rpc: { data: { items: [listed], next: null } } }
    return rpc?.method === 'tasks.get'
      ? {
          rpc: {
            data: { ...listed, args: {}, result: 7, keptUntil: null, parentId: null, schedule: null, events: [] },
          },
        }
      : undefined
  }
  const progress = () => desktop.tasks.tasks.map((one) => one.task.progress)
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  await vi.waitFor(() => expect(progress()).toEqual([0.1]))
  await vi.waitFor(() => expect(server.commands.some(({ subscribe }) => subscribe?.channel === '#u1')).toBe(true))
  server.publish('#u1', { type: 'task', task: { ...task, progress: 0.5 } })
  await vi.waitFor(() => expect(progress()).toEqual([0.5]))
  await server.stop()
  await vi.waitFor(() => expect(desktop.state).toMatchObject({ link: { phase: 'offline' } }))
  expect(await desktop.submitTask('carillon.add', {})).toMatchObject({ ok: false, code: 'server_unreachable' })
  listed = { ...task, state: 'succeeded', progress: 1, endedAt: at }
  await server.start()
  await vi.waitFor(() => expect(desktop.tasks.tasks).toMatchObject([{ task: { state: 'succeeded' }, result: 7 }]))
  await desktop.signOut()
  expect(desktop.tasks.tasks).toEqual([])
  expect(told.at(-1)).toEqual({ tasks: [], definitions: [] })
  expect(await desktop.cancelTask(task.id)).toMatchObject({ ok: false, code: 'signed_out' })
})

test('a file of a task is saved whole, or not at all', async () => {
  const { desktop, server, folder } = await build()
  const id = '0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a51'
  expect(await desktop.saveTaskFile(id, 'fleet.csv')).toMatchObject({ code: 'signed_out' })
  await desktop.start()
  await desktop.signIn({ server: server.origin, ...ada })
  server.onRequest = (call, _body, response) => {
    if (call === `GET /api/v1/tasks/${id}/files/fleet.csv`) response.end('name,state')
    else if (call === `GET /api/v1/tasks/${id}/files/half.csv`) {
      response.writeHead(200, { 'content-length': 100 })
      response.write('name', () => response.destroy())
    } else if (call === `GET /api/v1/tasks/${id}/files/gone.csv`) refuse(response, 'not_found', 404, 'It is gone.')
    else return false
    return true
  }
  expect(await desktop.saveTaskFile(id, 'fleet.csv')).toEqual({ ok: true })
  expect(readFileSync(join(folder, 'fleet.csv'), 'utf8')).toBe('name,state')
  expect(await desktop.saveTaskFile(id, 'half.csv')).toMatchObject({ ok: false, code: 'file_not_saved' })
  expect(await desktop.saveTaskFile(id, 'gone.csv')).toEqual({ ok: false, code: 'not_found', message: 'It is gone.' })
  expect(readdirSync(folder)).toEqual(['fleet.csv'])
})

interface Earlier {
  readonly server: LittleServer
  readonly keychain: FakeKeychain
  readonly account: ReturnType<typeof memoryFile<AccountCache>>
}

/** A desktop over a server, a keychain and files; those of an earlier one are taken over as a restart would. */
async function build(earlier?: Earlier) {
  const server: LittleServer = earlier?.server ?? (await startLittleServer())
  if (earlier === undefined) onTestFinished(() => server[Symbol.asyncDispose]())
  const keychain = earlier?.keychain ?? fakeKeychain()
  const account = earlier?.account ?? memoryFile<AccountCache>()
  const remembered: string[] = []
  const states: DesktopState[] = []
  const events: { readonly data: unknown }[] = []
  const read: { readonly data: unknown }[] = []
  const told: OwnTasksState[] = []
  const folder = temporaryFolder()
  const desktop = createDesktop({
    server: server.origin,
    version: '0',
    credentials: createCredentials({ open: keychain.open }),
    account,
    log: memoryLog(),
    createApi: (origin) => createServerApi({ origin, timeout: 2000 }),
    rememberServer: (origin) => void remembered.push(origin),
    onState: (state) => void states.push(state),
    onEvent: (event) => void events.push(event),
    onEarlier: (earlier) => void read.push(...earlier),
    onTasks: (tasks) => void told.push(tasks),
    choosePlace: async (name) => join(folder, name),
    times: { minReconnect: 5, maxReconnect: 20, maxReplace: 20, decision: 1000, sync: 20 },
  })
  onTestFinished(() => desktop[Symbol.dispose]())
  return { desktop, server, keychain, account, remembered, states, events, read, told, folder }
}

async function online(desktop: { readonly state: DesktopState }): Promise<void> {
  await vi.waitFor(() => expect(desktop.state).toMatchObject({ link: { phase: 'online' } }))
}
