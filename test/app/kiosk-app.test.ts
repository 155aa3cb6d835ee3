import { expect, test } from 'vitest'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { filesHolding, kioskState, openApp } from './open-app.ts'

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'the kiosk', () => {
  test('a kiosk is approved once, shows what it is told within a second, and never asks again', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480 })
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    {
      await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
      const state = await kioskState(app.page, ({ phase }) => phase === 'enrolling')
      const code = state.phase === 'enrolling' ? state.userCode : ''
      await app.page.getByText(code).waitFor()
      const window = await app.application.evaluate(({ BrowserWindow }) => {
        const [only] = BrowserWindow.getAllWindows()
        return { bounds: only?.getBounds(), kiosk: only?.isKiosk(), menu: only?.isMenuBarVisible() }
      })
      expect(window).toEqual({ bounds: { x: 0, y: 0, width: 800, height: 480 }, kiosk: true, menu: false })
      await approve(server, token, code)
      await kioskState(app.page, (one) => one.phase === 'enrolled' && one.link.phase === 'online')
      const shown = app.page
        .getByText('Doors open at nine')
        .waitFor()
        .then(() => performance.now())
      await show(server, token, { message: 'Doors open at nine' })
      const published = performance.now()
      expect((await shown) - published).toBeLessThan(1000)
      await expect.poll(app.log).toContain('received channel=commands:lobby-1 offset=1')
      expect(await app.log()).not.toContain('Doors')
    }
    await using app = await openApp(session, ['--kiosk'])
    const state = await kioskState(app.page, (one) => one.phase === 'enrolled' && one.screen.kind === 'message')
    expect(state).toMatchObject({
      device: { name: 'lobby-1' },
      storage: 'keychain',
      screen: { message: 'Doors open at nine' },
    })
    await app.page.getByText('Doors open at nine').waitFor()
  })

  test('a kiosk keeps its screen while the server is away and shows what was sent meanwhile', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480 })
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
    await enrol(app.page, server, token)
    await show(server, token, { message: 'Before' })
    await app.page.getByText('Before').waitFor()
    await server.kill()
    await kioskState(app.page, (one) => one.phase === 'enrolled' && one.link.phase === 'offline')
    await app.page.getByText('Before').waitFor()
    await server.start()
    await show(server, token, { message: 'After' })
    await app.page.getByText('After').waitFor()
  })

  test('a removed device is told so, forgets its credential and can be approved again', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480 })
    const { token } = await signIn(server, 'ada@example.org', 'admin')
    await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
    const id = await enrol(app.page, server, token)
    const removed = await server.api('DELETE', `/api/v1/devices/${id}`, { headers: bearer(token) })
    expect(removed.status).toBe(204)
    const state = await kioskState(app.page, ({ phase }) => phase === 'enrolling')
    expect(state).toMatchObject({ notice: expect.stringContaining('removed') })
    expect(await filesHolding(app.userData, id)).toEqual([])
    await enrol(app.page, server, token)
  })

  test('a kiosk remembers the address at which Carillon answered, and not one that was mistyped', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480 })
    {
      await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
      await kioskState(app.page, ({ phase }) => phase === 'enrolling')
    }
    {
      await using app = await openApp(session, ['--kiosk', '--server=http://127.0.0.1:1'])
      await kioskState(app.page, ({ phase }) => phase === 'unreachable')
    }
    await using app = await openApp(session, ['--kiosk'])
    expect(await kioskState(app.page, ({ phase }) => phase === 'enrolling')).toMatchObject({ server: server.url })
  })

  test('started without its server a kiosk says what is wrong and goes on by itself', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480 })
    await server.kill()
    await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
    const state = await kioskState(app.page, ({ phase }) => phase === 'unreachable')
    expect(state).toMatchObject({ code: 'server_unreachable', message: expect.stringContaining('Nothing listens') })
    await server.start()
    await kioskState(app.page, ({ phase }) => phase === 'enrolling')
  })

  test('without a keychain somebody at the screen decides', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({
      windowManager: 'matchbox',
      width: 800,
      height: 480,
      keyring: false,
      notifications: false,
    })
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
    const state = await kioskState(app.page, ({ phase }) => phase === 'enrolling')
    await approve(server, token, state.phase === 'enrolling' ? state.userCode : '')
    await kioskState(app.page, ({ phase }) => phase === 'no-keychain')
    await app.page.getByRole('button').click()
    const enrolled = await kioskState(app.page, (one) => one.phase === 'enrolled' && one.link.phase === 'online')
    expect(enrolled).toMatchObject({ storage: 'memory' })
  })
})

/** Approves the code on the screen. Answers the device's id. */
async function enrol(page: Parameters<typeof kioskState>[0], server: ServerProcess, token: string): Promise<string> {
  const state = await kioskState(page, ({ phase }) => phase === 'enrolling')
  await approve(server, token, state.phase === 'enrolling' ? state.userCode : '')
  const enrolled = await kioskState(page, (one) => one.phase === 'enrolled' && one.link.phase === 'online')
  return enrolled.phase === 'enrolled' ? enrolled.device.id : ''
}

async function approve(server: ServerProcess, token: string, code: string): Promise<void> {
  const headers = bearer(token)
  const body = { name: 'lobby-1' }
  const approved = await server.api('POST', `/api/v1/enrolments/${code}/approve`, { headers, body })
  expect(approved).toMatchObject({ status: expect.toSatisfy((status: number) => status < 300) })
}

async function show(server: ServerProcess, token: string, message: { readonly message: string }): Promise<void> {
  const body = { channel: 'commands:lobby-1', data: { show: message } }
  const sent = await server.api('POST', '/api/publish', { headers: bearer(token), body })
  expect(sent).toMatchObject({ status: 200, body: { result: { offset: expect.any(Number) } } })
}
