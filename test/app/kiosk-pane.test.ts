import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ElectronApplication, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { CarillonBridge } from '#protocol/ipc.ts'
import type { PaneState } from '#protocol/pane.ts'
import { paneCodeAnswer } from '#protocol/pane-codes.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import { type DesktopSession, startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { signPage, startSignServer } from '../support/sign-server.ts'
import { kioskState, openApp } from './open-app.ts'

const execute = promisify(execFile)
const pin = '482915'
const soon = { timeout: 15_000 }

describeWith(['electron', 'xvfb', 'keyring', 'matchbox', 'xdotool'], 'the local pane of a kiosk', () => {
  test('five taps open it, wrong PINs make it wait and not for ever, and the right one lets support staff work', async () => {
    await using server = await startServerProcess()
    await using session = await startScreen()
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    await using sign = await startSignServer((_request, response) => response.end(signPage('#008000')))
    await using app = await openApp(session, ['--kiosk', `--server=${server.url}`, `--allow=${sign.url}`])
    const { page } = app
    await enrol(page, server, token)
    await pinKnown(session)
    const data = { show: { url: `${sign.url}/` } }
    await server.api('POST', '/api/publish', { headers: bearer(token), body: { channel: 'commands:lobby-1', data } })
    await expect.poll(() => colours(session, ['20,20', '600,400']), soon).toEqual(['008000', '008000'])

    for (let tap = 0; tap < 4; tap++) await tapCorner(session)
    await xdotool(session, 'mousemove', '400', '300', 'click', '1')
    expect(await paneState(page)).toEqual({ phase: 'closed' })
    for (let tap = 0; tap < 5; tap++) await tapCorner(session)
    await page.getByRole('heading', { name: 'PIN of this screen' }).waitFor()
    await expect.poll(() => colours(session, ['600,470']), soon).not.toEqual(['008000'])

    // Whatever a page asks for, main refuses it until then.
    expect(
      await page.evaluate(() => (window as { carillon?: CarillonBridge }).carillon?.kiosk?.pane.facts()),
    ).toMatchObject({
      code: 'pane_locked',
    })
    const codes: unknown[] = []
    for (let wrong = 0; wrong < 10; wrong++) {
      const outcome = await unlock(page, `00000${wrong}`)
      codes.push(outcome?.ok === false ? outcome.code : 'opened')
    }
    expect(codes).toEqual([...Array(3).fill('wrong_pin'), ...Array(7).fill('wait')])
    expect(await unlock(page, pin)).toMatchObject({ code: 'wait', message: expect.stringMatching(/Wait [1-5] s/) })
    await page.getByText('Too many wrong attempts.').waitFor()
    await expect.poll(() => page.getByRole('button', { name: '1', exact: true }).isEnabled()).toBe(true)
    await xdotool(session, 'key', ...pin.split(''), 'Return')
    await page.getByRole('heading', { name: 'lobby-1' }).waitFor()
    await page.getByText(server.url, { exact: true }).waitFor()
    await page.getByText(/^online since/).waitFor()

    await page.getByRole('button', { name: 'Actions' }).click()
    await page.getByRole('button', { name: 'Show the test pattern' }).click()
    await page.getByRole('button', { name: /Test pattern, 800 × 480 pixels/ }).waitFor()
    await expect
      .poll(() => colours(session, ['0,0', '50,100', '150,100', '750,100', '799,479']), soon)
      .toEqual(['FF0000', 'FFFFFF', 'FFFF00', '000000', 'FF0000'])
    await xdotool(session, 'mousemove', '400', '300', 'click', '1')
    await page.getByRole('button', { name: 'Show the test pattern' }).waitFor()

    await page.getByRole('button', { name: 'Network' }).click()
    await page.getByRole('button', { name: /Check the way to/ }).click()
    await page.getByText('All is well.').waitFor()

    const credential = await keptCredential(session)
    await page.getByRole('button', { name: 'Credential' }).click()
    await page.getByRole('button', { name: 'Change the credential' }).click()
    await page.getByRole('button', { name: 'Yes, change the credential' }).click()
    await page.getByText('This screen has a new credential.').waitFor()
    const renewed = await keptCredential(session)
    expect(renewed).not.toBe(credential)

    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('button', { name: /To this machine/ }).click()
    const written = await page.getByText(/^Written to /).textContent()
    const bundle = await readFile((written ?? '').replace('Written to ', ''), 'utf8')
    expect(JSON.parse(bundle)).toMatchObject({ facts: { name: 'lobby-1', server: server.url } })
    for (const secret of [credential, renewed, pin, token]) expect(bundle).not.toContain(secret)

    await page.getByRole('button', { name: 'Credential' }).click()
    await page.getByRole('button', { name: 'Forget the credential' }).click()
    await page.getByRole('button', { name: 'Yes, forget the credential' }).click()
    await page.getByText('The credential is forgotten, and the server has ended it.').waitFor()
    expect((await server.api('GET', '/api/v1/me', { headers: bearer(renewed) })).status).toBe(401)
    const state = await kioskState(page, ({ phase }) => phase === 'enrolling')
    const code = state.phase === 'enrolling' ? state.userCode : ''
    await page.getByText(code).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('Enrolment code').waitFor()
    await page.getByText(code).waitFor()
    expect(await keptCredential(session)).toBe('')
    expect(await app.log()).not.toContain(pin)
  })

  test('a chord and an operator’s code open a screen that has no PIN, and untouched it closes by itself', async () => {
    await using server = await startServerProcess()
    await using session = await startScreen()
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    await using app = await openApp(session, ['--kiosk', `--server=${server.url}`])
    const { page } = app
    await xdotool(session, 'key', 'ctrl+alt+shift+a')
    await page.getByText('nobody has approved it').waitFor()
    await page.keyboard.press('Escape')
    const id = await enrol(page, server, token, null)
    await hurry(app.application)

    await xdotool(session, 'key', 'ctrl+alt+shift+a')
    await page
      .getByRole('heading', { name: 'An operator’s code' })
      .or(page.getByRole('heading', { name: "An operator's code" }))
      .waitFor()
    const answer = await server.api('POST', `/api/v1/devices/${id}/pane-code`, { headers: bearer(token) })
    const { code } = paneCodeAnswer.parse(answer.body)
    await page.keyboard.type('00000000')
    await page.keyboard.press('Enter')
    await page.getByText('That code is not valid.').waitFor()
    await page.keyboard.type(code)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'lobby-1' }).waitFor()
    await page.getByText('Closes by itself in').waitFor()
    await expect.poll(() => paneState(page)).toEqual({ phase: 'closed' })
    await page.getByRole('region', { name: 'Waiting for messages' }).waitFor()
    expect(await app.log()).not.toContain(code)

    // It worked once.
    await xdotool(session, 'key', 'ctrl+alt+shift+a')
    await page.getByRole('button', { name: 'Close' }).waitFor()
    await page.keyboard.type(code)
    await page.keyboard.press('Enter')
    await page.getByText('That code is not valid.').waitFor()
  })

  test('another server is tried before it is kept, and is kept over a restart', async () => {
    await using server = await startServerProcess()
    await using other = await startServerProcess()
    await using session = await startScreen()
    const { token } = await signIn(server, 'ada@example.org', 'operator')
    const start = ['--kiosk', `--server=${server.url}`]
    {
      await using app = await openApp(session, start)
      const { page } = app
      await enrol(page, server, token)
      await pinKnown(session)
      await xdotool(session, 'key', 'ctrl+alt+shift+a')
      await page.getByRole('heading', { name: 'PIN of this screen' }).waitFor()
      await page.keyboard.type(pin)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Server' }).click()
      await page.getByLabel('Address of the server').fill('http://127.0.0.1:2')
      await page.getByRole('button', { name: 'Change' }).click()
      await page.getByText('Nothing listens at 127.0.0.1:2.').waitFor()
      expect(await kioskState(page, () => true)).toMatchObject({ phase: 'enrolled', server: server.url })
      await page.getByLabel('Address of the server').fill(other.url)
      await page.keyboard.press('Enter')
      await page.getByText(`This screen is with ${other.url} now.`).waitFor()
      await kioskState(page, (state) => state.phase === 'enrolling' && state.server === other.url)
      await page.getByRole('button', { name: 'Close' }).click()

      // Pages of a kiosk's own server may be shown: that is another one now.
      const there = bearer((await signIn(other, 'ada@example.org', 'operator')).token)
      await enrol(page, other, there.authorization.slice(7))
      const show = (url: string) =>
        other.api('POST', '/api/publish', {
          headers: there,
          body: { channel: 'commands:lobby-1', data: { show: { url } } },
        })
      await show(`${other.url}/health/live`)
      await expect.poll(() => shellView(page), soon).toMatchObject({ refusal: null, state: { phase: 'showing' } })
      await show(`${server.url}/health/live`)
      await expect.poll(() => shellView(page), soon).toMatchObject({ refusal: expect.stringContaining(server.url) })
    }
    await using app = await openApp(session, start)
    await kioskState(app.page, (state) => state.phase === 'enrolled' && state.server === other.url)
  })
})

function startScreen(): Promise<DesktopSession> {
  return startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480 })
}

async function xdotool({ env }: DesktopSession, ...args: readonly string[]): Promise<void> {
  await execute('xdotool', args, { env, timeout: 10_000 })
}

function tapCorner(session: DesktopSession): Promise<void> {
  return xdotool(session, 'mousemove', '20', '20', 'click', '1')
}

/** What is really on the screen at these places, as RRGGBB. */
async function colours(session: DesktopSession, places: readonly string[]): Promise<string[]> {
  const file = join(session.home, 'screen.png')
  await session.screenshot(file)
  const asked = places.map((place) => `%[hex:p{${place}}]\n`).join('')
  const { stdout } = await execute('convert', [file, '-format', asked, 'info:'], { timeout: 20_000 })
  return stdout.trim().split('\n')
}

/** The kiosk's credential in the real keychain; empty when there is none. */
async function keptCredential({ env }: DesktopSession): Promise<string> {
  const { stdout, stderr } = await execute('secret-tool', ['search', '--all', 'service', 'carillon'], {
    env,
    timeout: 10_000,
  })
  return /^secret = (.+)$/m.exec(`${stdout}\n${stderr}`)?.[1] ?? ''
}

function paneState(page: Page): Promise<PaneState | undefined> {
  return page.evaluate(() => (window as { carillon?: CarillonBridge }).carillon?.kiosk?.pane.state())
}

function shellView(page: Page): Promise<ShellView | undefined> {
  return page.evaluate(() => (window as { carillon?: CarillonBridge }).carillon?.kiosk?.shell.state())
}

function unlock(page: Page, digits: string) {
  return page.evaluate(
    (given) => (window as { carillon?: CarillonBridge }).carillon?.kiosk?.pane.unlock('pin', given),
    digits,
  )
}

/** Resolves once the screen has learnt its PIN. */
async function pinKnown({ home }: DesktopSession): Promise<void> {
  const file = join(home, 'user-data/device-settings.json')
  await expect.poll(() => readFile(file, 'utf8').catch(() => ''), soon).toContain('"hash"')
}

/** Lets the two minutes until the pane closes go by in five seconds. */
async function hurry(application: ElectronApplication): Promise<void> {
  await application.evaluate(() => {
    const usual = globalThis.setTimeout
    const faster = (run: () => void, ms = 0, ...rest: unknown[]) =>
      usual(run, ms === 90_000 || ms === 30_000 ? ms / 24 : ms, ...(rest as []))
    globalThis.setTimeout = Object.assign(faster, usual) as typeof setTimeout
  })
}

/** Approves the code on the screen. Answers the device's id. */
async function enrol(page: Page, server: ServerProcess, token: string, withPin: string | null = pin): Promise<string> {
  const state = await kioskState(page, ({ phase }) => phase === 'enrolling')
  const code = state.phase === 'enrolling' ? state.userCode : ''
  const body = { name: 'lobby-1', ...(withPin === null ? {} : { pin: withPin }) }
  await server.api('POST', `/api/v1/enrolments/${code}/approve`, { headers: bearer(token), body })
  const enrolled = await kioskState(page, (one) => one.phase === 'enrolled' && one.link.phase === 'online')
  return enrolled.phase === 'enrolled' ? enrolled.device.id : ''
}
