import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type ChildProgram, startChild } from '#test/support/child-program.ts'
import { startDpmsProxy } from '#test/support/native/dpms-proxy.ts'
import { describeNative } from '#test/support/native/native-suite.ts'
import { hostTarget } from '#test/support/native/probe-client.ts'

/**
 * The library before a real X server, under AddressSanitizer. Without a real screen no X server has DPMS: of that a
 * stand-in answers, which is between the library and Xvfb (test/support/native/dpms-proxy.ts).
 */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

describeNative(hostTarget, ['xvfb', 'xdotool'], 'the native library at a display', ({ probe }) => {
  let server: ChildProgram
  let display: string
  beforeAll(async () => {
    server = startServer()
    display = await displayOf(server)
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const screen = () => probe().on({ display })
  beforeEach(async () => {
    await screen()('setBlanking', true)
    await screen()('setDisplayPower', true)
  })

  test('sees the display on, and when a timer may darken it', async () => {
    expect(await screen()('display')).toEqual({ on: true, dpms: null, screenSaver: 'off', blanking: true })
    await screen()('setBlanking', false)
    expect(await screen()('display')).toEqual({ on: true, dpms: null, screenSaver: 'disabled', blanking: false })
  })

  test.each([true, false])(
    'darkens the screen and brings it back without DPMS, blanking allowed: %s',
    async (allowed) => {
      await screen()('setBlanking', allowed)
      await screen()('setDisplayPower', false)
      expect(await screen()('display')).toMatchObject({ on: false, screenSaver: 'on' })
      await screen()('setDisplayPower', false)
      await screen()('setDisplayPower', true)
      expect(await screen()('display')).toMatchObject({ on: true, blanking: allowed })
    },
  )

  test('counts how long nobody touched anything', async () => {
    await expect.poll(() => screen()('idleSeconds')).toBeGreaterThan(0.3)
    const begun = performance.now()
    await promisify(execFile)('xdotool', ['mousemove_relative', '1', '1'], {
      env: { ...process.env, DISPLAY: display },
    })
    const idle = await screen()('idleSeconds')
    expect(idle).toBeLessThan((performance.now() - begun) / 1000)
  })

  test('switches a display off and on by DPMS', async () => {
    await using proxy = await startDpmsProxy(display)
    const ask = probe().on({ display: proxy.display })
    expect(await ask('display')).toEqual({ on: true, dpms: 'on', screenSaver: 'off', blanking: true })
    await ask('setDisplayPower', false)
    expect(proxy.state).toMatchObject({ enabled: true, level: 3 })
    expect(await ask('display')).toMatchObject({ on: false, dpms: 'off', screenSaver: 'off' })
    await ask('setDisplayPower', true)
    expect(await ask('display')).toMatchObject({ on: true, dpms: 'on' })
    for (const [level, dpms] of [
      [1, 'standby'],
      [2, 'suspend'],
    ] as const) {
      proxy.state.level = level
      expect(await ask('display')).toMatchObject({ on: false, dpms })
    }
  })

  test('switches a display off where DPMS was not enabled, without waking its timers', async () => {
    await using proxy = await startDpmsProxy(display)
    const ask = probe().on({ display: proxy.display })
    proxy.state.enabled = false
    await ask('setDisplayPower', true) // an error, if a level were forced
    await ask('setBlanking', false)
    expect(await ask('display')).toMatchObject({ on: true, blanking: false })
    proxy.state.timeouts = [600, 600, 600]
    await ask('setDisplayPower', false)
    expect(proxy.state).toMatchObject({ enabled: true, level: 3, timeouts: [0, 0, 0] })
    expect(await ask('display')).toMatchObject({ on: false, blanking: false })
  })

  test('allows and forbids the timers of DPMS', async () => {
    await using proxy = await startDpmsProxy(display)
    const ask = probe().on({ display: proxy.display })
    await ask('setBlanking', false)
    expect(proxy.state.timeouts).toEqual([0, 0, 0])
    expect(await ask('display')).toMatchObject({ blanking: false })
    await ask('setBlanking', true)
    expect(proxy.state).toMatchObject({ enabled: true, timeouts: [600, 600, 600] })
    expect(await ask('display')).toMatchObject({ blanking: true })
  })

  test('says so when a display does not obey, or answers what cannot be', async () => {
    await using proxy = await startDpmsProxy(display)
    const ask = probe().on({ display: proxy.display })
    proxy.state.stuck = true
    await expect(ask('setDisplayPower', false)).rejects.toMatchObject({ code: 'failed' })
    proxy.state.level = 9
    await expect(ask('display')).rejects.toMatchObject({ code: 'malformed' })
  })

  test('outlives an X server that goes away in the middle, and one that is not there', async () => {
    await using proxy = await startDpmsProxy(display)
    const ask = probe().on({ display: proxy.display })
    proxy.breakOff()
    await expect(ask('display')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('went away'),
    })
    await expect(ask('setDisplayPower', false)).rejects.toMatchObject({ code: 'failed' })
    expect(await screen()('display')).toMatchObject({ on: true })
    const absent = { code: 'not_available', message: expect.stringContaining(':4711') }
    for (const call of ['display', 'idleSeconds'] as const)
      await expect(probe().on({ display: ':4711' })(call)).rejects.toMatchObject(absent)
    await expect(probe().on({ display: 'x'.repeat(100_000) })('display')).rejects.toMatchObject({
      code: 'not_available',
    })
  })

  test('leaves no connection behind', async () => {
    const open = await screen()('descriptors')
    for (let i = 0; i < 50; i++) await screen()('display')
    expect(await screen()('descriptors')).toBe(open)
  })
})

/** It keeps its settings between the connections, as a server with a window on it does. */
function startServer(): ChildProgram {
  return startChild('Xvfb', ['-displayfd', '3', '-screen', '0', '640x480x24', '-nolisten', 'tcp', '-noreset', '-ac'])
}

async function displayOf(server: ChildProgram): Promise<string> {
  const [, number] = await server.waitFor(/^(\d+)\n/m)
  return `:${number}`
}
