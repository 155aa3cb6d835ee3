import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import type { NetworkStep, PaneState } from '#protocol/pane.ts'
import { memoryLog } from '../log.ts'
import { done, failed } from '../outcome.ts'
import { createPane, type Pane, type PaneOptions } from './pane.ts'

const enrolled: KioskState = {
  phase: 'enrolled',
  server: 'http://127.0.0.1:1',
  device: { id: 'd1', name: 'lobby-1' },
  storage: 'file',
  link: { phase: 'online', since: 0 },
  screen: { kind: 'waiting' },
  tasks: [],
}

afterEach(() => void vi.useRealTimers())

test('every verb but the lock is refused until the pane is unlocked, and again once it is closed', async () => {
  const { pane, calls } = await build()
  const verbs: ((one: Pane) => Promise<unknown>)[] = [
    (one) => one.facts(),
    (one) => one.log(),
    (one) => one.checkNetwork(),
    (one) => one.changeServer('http://other'),
    (one) => one.rotateCredential(),
    (one) => one.forgetCredential(),
    (one) => one.reloadContent(),
    (one) => one.restartApp(),
    (one) => one.reboot(),
    (one) => one.places(),
    (one) => one.saveBundle('folder:/tmp'),
  ]
  const refusals = async () =>
    expect(await Promise.all(verbs.map((verb) => verb(pane)))).toEqual(verbs.map(() => locked))
  await refusals()
  pane.open()
  await refusals()
  await pane.unlock('pin', '000000')
  await refusals()
  await pane.unlock('pin', '482915')
  expect(await pane.rotateCredential()).toEqual(done)
  expect(calls).toEqual(['cover true', 'cover true', 'cover true', 'renew'])
  pane.close()
  calls.length = 0
  await refusals()
  expect(calls).toEqual([])
})

test('digits are taken only where somebody has asked for the pane', async () => {
  const { pane } = await build()
  expect(await pane.unlock('pin', '482915')).toMatchObject({ code: 'not_asked' })
  expect(pane.state).toEqual({ phase: 'closed' })
})

test('it covers the content while it is open, and no longer', async () => {
  const { pane, calls } = await build()
  pane.open()
  pane.open()
  pane.close()
  pane.close()
  expect(calls).toEqual(['cover true', 'cover false'])
})

test('it closes by itself after two minutes without a touch, and says so half a minute before', async () => {
  vi.useFakeTimers()
  const { pane, states } = await build()
  pane.open()
  await pane.unlock('pin', '482915')
  vi.advanceTimersByTime(89_999)
  expect(pane.state).toEqual({ phase: 'open', closesAt: null })
  vi.advanceTimersByTime(1)
  expect(pane.state).toEqual({ phase: 'open', closesAt: Date.now() + 30_000 })
  pane.touched()
  expect(states.at(-1)).toEqual({ phase: 'open', closesAt: null })
  vi.advanceTimersByTime(119_999)
  expect(pane.state.phase).toBe('open')
  vi.advanceTimersByTime(1)
  expect(pane.state).toEqual({ phase: 'closed' })
  expect(states.at(-1)).toEqual({ phase: 'closed' })
})

test('a locked pane closes by itself as well', async () => {
  vi.useFakeTimers()
  const { pane } = await build()
  pane.open()
  vi.advanceTimersByTime(120_000)
  expect(pane.state).toEqual({ phase: 'closed' })
})

test('what was asked for before it was closed is not answered afterwards, nor does the right PIN open it again', async () => {
  let answer = (): void => {}
  const attempt = () =>
    new Promise<typeof done>((resolve) => {
      answer = () => resolve(done)
    })
  const { pane } = await build({ lock: { wait: 0, attempt } })
  pane.open()
  const unlocking = pane.unlock('pin', '482915')
  pane.close()
  answer()
  expect(await unlocking).toEqual(locked)
  expect(pane.state).toEqual({ phase: 'closed' })
})

test('a wait is told as the moment at which it ends', async () => {
  vi.useFakeTimers()
  const { pane } = await build({ lock: { wait: 5000, attempt: async () => failed('wait', 'Wait 5 s.') } })
  pane.open()
  expect(pane.state).toMatchObject({ phase: 'locked', waitUntil: Date.now() + 5000 })
})

test('with neither PIN nor server it says what to do', async () => {
  const link = { phase: 'offline', since: 0, code: 'server_unreachable', message: 'Nothing listens at box.' } as const
  const { pane } = await build({ hasPin: () => false, kiosk: kioskIn({ ...enrolled, link }) })
  pane.open()
  expect(pane.state).toMatchObject({
    ways: [],
    advice: expect.stringContaining('Nothing listens at box. Once it is online'),
  })
})

test.each<[boolean, KioskState, string[]]>([
  [true, enrolled, ['pin', 'code']],
  [false, enrolled, ['code']],
  [true, { phase: 'starting' }, ['pin']],
  [false, { phase: 'starting' }, []],
])('with a PIN: %s, and %o, it opens by %j', async (hasPin, state, ways) => {
  const { pane } = await build({ hasPin: () => hasPin, kiosk: kioskIn(state) })
  pane.open()
  expect(pane.state).toMatchObject({ ways })
})

test('it tells what there is to know, and nothing secret', async () => {
  const { pane } = await open()
  const facts = await pane.facts()
  expect(facts).toMatchObject({ ok: true, value: { name: 'lobby-1', server: 'http://127.0.0.1:1', canReboot: false } })
  expect(JSON.stringify([facts, await pane.log()])).not.toContain('device-token')
})

test('a machine that it must not restart is not restarted', async () => {
  const { pane } = await open()
  expect(await pane.reboot()).toMatchObject({ code: 'reboot_not_allowed' })
})

test('the network check tells each step and ends with the pane', async () => {
  const { pane, steps } = await open()
  expect(await pane.checkNetwork()).toMatchObject({ ok: true })
  expect(steps.at(-1)?.find(({ name }) => name === 'tcp')).toMatchObject({ state: 'failed' })
  const ended = pane.checkNetwork()
  pane.close()
  expect(await ended).toEqual(locked)
})

test('a support bundle has what helps, and neither a token nor a PIN nor a credential', async () => {
  const { pane, folder, logFile } = await open()
  await writeFile(logFile, 'started server=http://127.0.0.1:1\noops token=device-token pin=482915\n')
  const [place] = (await pane.places().then((answer) => (answer.ok ? answer.value : []))).slice(-1)
  const saved = await pane.saveBundle(place?.id ?? '')
  expect(saved).toMatchObject({
    ok: true,
    value: expect.stringMatching(/support\/carillon-support-lobby-1-.*Z\.json$/),
  })
  const text = await readFile(saved.ok ? saved.value : '', 'utf8')
  expect(text).not.toMatch(/device-token|482915/)
  const { facts, log } = JSON.parse(text)
  expect(facts).toMatchObject({
    name: 'lobby-1',
    storage: 'file',
    history: [{ phase: 'recovering' }, { phase: 'loading' }],
  })
  expect(log[0]).toBe('started server=http://127.0.0.1:1')
  expect(await pane.saveBundle('usb:/media/gone')).toMatchObject({ code: 'no_such_place' })
  await rm(folder, { recursive: true })
  await writeFile(folder, 'a file where the folder should be')
  expect(await pane.saveBundle(place?.id ?? '')).toMatchObject({ code: 'not_written' })
})

const locked = { ok: false, code: 'pane_locked', message: 'Unlock the pane first.' }

async function open(options: Partial<PaneOptions> = {}) {
  const built = await build(options)
  built.pane.open()
  await built.pane.unlock('pin', '482915')
  return built
}

async function build(options: Partial<PaneOptions> = {}) {
  const home = await mkdtemp(join(tmpdir(), 'carillon-pane-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const folder = join(home, 'support')
  const logFile = join(home, 'main.log')
  const states: PaneState[] = []
  const steps: (readonly NetworkStep[])[] = []
  const calls: string[] = []
  const pane = createPane({
    lock: {
      wait: 0,
      attempt: async (_way, digits) => (digits === '482915' ? done : failed('wrong_pin', 'That is not the PIN.')),
    },
    hasPin: () => true,
    kiosk: kioskIn(enrolled, calls),
    content: {
      state: {
        phase: 'waiting',
        since: '2026-03-12T12:04:00.000Z',
        url: null,
        fault: null,
        message: null,
        restarts: 0,
      },
      history: [
        { at: 1, phase: 'loading', fault: null, message: null },
        { at: 2, phase: 'recovering', fault: 'renderer_gone', message: 'The page crashed.' },
      ],
      reload: () => ({ ok: true }),
      cover: (on) => void calls.push(`cover ${on}`),
    },
    health: () => null,
    machine: { restartApp: () => void calls.push('restart'), reboot: null },
    changeServer: async (address) => ({ ok: true, value: address }),
    places: { folder, mounts: async () => '' },
    logFile,
    about: { hostname: 'box', versions: { app: '0.1.0' }, startedAt: 0, restartWindow: null },
    log: memoryLog(),
    onState: (state) => states.push(state),
    onNetwork: (now) => steps.push(now),
    ...options,
  })
  onTestFinished(() => pane[Symbol.dispose]())
  return { pane, states, steps, calls, folder, logFile }
}

function kioskIn(state: KioskState, calls: string[] = []): PaneOptions['kiosk'] {
  return {
    state,
    server: 'http://127.0.0.1:1',
    api: { check: () => Promise.reject(new Error('not reached')) },
    renewCredential: async () => {
      calls.push('renew')
      return done
    },
    forgetCredential: async () => ({ ok: true, value: true }),
    secrets: () => ['device-token'],
  }
}
