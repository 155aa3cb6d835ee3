import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { launchChromium } from '../support/chromium.ts'
import { approveInConsole, photograph, photographPath, setUpInConsole } from '../support/console-page.ts'
import { type DesktopSession, startDesktopSession } from '../support/desktop-session.ts'
import { type LaunchedElectron, launchElectron } from '../support/electron-app.ts'
import { describeWith } from '../support/needs.ts'
import { createKey, password, type ServerProcess, startServerProcess } from '../support/server-process.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const parts = ['electron', 'xvfb', 'keyring', 'notifications', 'matchbox', 'chromium'] as const

describeWith(parts, 'the main job, from the first link to a message on every screen', () => {
  const resources = new AsyncDisposableStack()
  let server: ServerProcess
  let browser: Browser
  let page: Page
  let atDesk: DesktopSession
  let atWall: DesktopSession
  let kiosk: LaunchedElectron
  let screen: Page
  let desktop: LaunchedElectron
  let window: Page

  beforeAll(async () => {
    server = resources.use(await startServerProcess())
    browser = await launchChromium()
    resources.defer(() => browser.close())
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    atDesk = resources.use(await startDesktopSession({ width: 1280, height: 800, windowManager: 'matchbox' }))
    atWall = resources.use(await startDesktopSession({ width: 1920, height: 1080, windowManager: 'matchbox' }))
  }, 120_000)

  afterAll(async () => {
    await desktop?.[Symbol.asyncDispose]()
    await kiosk?.[Symbol.asyncDispose]()
    await resources.disposeAsync()
  })

  async function startKiosk(): Promise<void> {
    kiosk = await launchElectron({ session: atWall, app: { folder: root }, args: ['--kiosk', '--server', server.url] })
    screen = await kiosk.application.firstWindow()
  }

  async function startDesktop(): Promise<void> {
    desktop = await launchElectron({ session: atDesk, app: { folder: root }, args: ['--server', server.url] })
    window = await desktop.application.firstWindow()
  }

  test('the printed link creates the first administrator, and the console opens signed in', async () => {
    await setUpInConsole(page, server, 'ada@example.org')
    await page.getByText('Ada Lovelace').first().waitFor()
    await photograph(page, 'console-no-screens')
  })

  test('a kiosk shows a code and a QR code, and goes on by itself once an operator has approved it', async () => {
    await startKiosk()
    const code = screen.getByLabel('Enrolment code')
    await code.waitFor()
    expect(await code.textContent()).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/)
    await screen.getByRole('img', { name: /QR code that opens .*\/enrol\?code=/ }).waitFor()
    await atWall.screenshot(await photographPath('kiosk-enrolling'))

    await approveInConsole(page, server.url, (await code.textContent()) ?? '', 'lobby-1')
    await screen.getByRole('heading', { name: 'lobby-1' }).waitFor()
    await screen.getByLabel('Waiting for messages').waitFor()
    await atWall.screenshot(await photographPath('kiosk-waiting'))
  })

  test('the approved kiosk never asks again, also after a restart', async () => {
    await kiosk.kill()
    await startKiosk()
    await screen.getByRole('heading', { name: 'lobby-1' }).waitFor()
    expect(await screen.getByLabel('Enrolment code').count()).toBe(0)
    await page.goto(`${server.url}/`)
    await page.getByText('1 of 1 online').waitFor()
  })

  test('a person signs in to the desktop app once; the token is in the keychain and in no file', async () => {
    await startDesktop()
    await window.getByLabel('Server address').fill(server.url)
    await window.getByLabel('E-mail').fill('ada@example.org')
    await window.getByLabel('Password', { exact: true }).fill('not the password')
    await window.getByRole('button', { name: 'Sign in' }).click()
    await window.getByText('The e-mail address or the password is wrong.').waitFor()
    await window.getByLabel('Password', { exact: true }).fill(password)
    await window.getByRole('button', { name: 'Sign in' }).click()
    await window.getByRole('status', { name: 'Connection' }).getByText('Online').waitFor()

    const { stdout, stderr } = await execute('secret-tool', ['search', '--all', 'service', 'carillon'], {
      env: atDesk.env,
    })
    const token = /^secret = (.+)$/m.exec(`${stdout}\n${stderr}`)?.[1] ?? ''
    expect(token.length).toBeGreaterThan(30)
    const userData = join(atDesk.home, 'user-data')
    // A signed token is `value.signature`; a cookie or a log could hold the one part or the other, encoded or not.
    for (const part of [token, decodeURIComponent(token), token.split('.')[0] ?? '']) {
      const found = await execute('grep', ['-rlaF', part, userData, server.data]).catch((error) => error)
      const files = String(found.stdout)
        .trim()
        .split('\n')
        .filter((file) => file !== '' && !file.startsWith(server.data))
      expect(files).toEqual([])
      expect(server.output() + desktop.output()).not.toContain(part)
    }
  })

  test('after a restart the app is connected without asking', async () => {
    await desktop.kill()
    await startDesktop()
    await window.getByRole('status', { name: 'Connection' }).getByText('Online').waitFor()
    expect(await window.getByLabel('Password', { exact: true }).count()).toBe(0)
  })

  test('what the shell publishes is on the kiosk less than a second after publish has returned', async () => {
    const { code } = await server.cli(['publish', 'commands:lobby-1', '{"show":{"message":"Doors open at nine"}}'])
    const returned = performance.now()
    expect(code).toBe(0)
    await screen.getByText('Doors open at nine').waitFor()
    expect(performance.now() - returned).toBeLessThan(1000)
    await atWall.screenshot(await photographPath('kiosk-message'))
  })

  test('what an operator sends from the console is on the kiosk', async () => {
    await page.goto(`${server.url}/`)
    await page.getByRole('button', { name: 'Send a message to lobby-1' }).click()
    await page.getByLabel('Title').fill('Welcome')
    await page.getByRole('textbox', { name: 'Message' }).fill('The lecture is in room two')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await screen.getByText('The lecture is in room two').waitFor()
    await screen.getByRole('heading', { name: 'Welcome' }).waitFor()
    await photograph(page, 'console-screens')
    await photograph(screen, 'kiosk-message')
  })

  test('an event on a followed channel is in the live list, and a notification when the window is not in front', async () => {
    await window.getByLabel('Follow a channel').fill('news:general')
    await window.getByRole('button', { name: 'Follow', exact: true }).click()
    await window.getByRole('button', { name: 'Unfollow news:general' }).waitFor()
    await using inFront = startChild('xmessage', ['Something else is in front'], { env: atDesk.env })
    const isFocused = () =>
      desktop.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isFocused())
    await vi.waitFor(async () => expect(await isFocused()).toBe(false), 10_000)

    const key = await createKey(server, ['publish'])
    const sent = await server.api('POST', '/api/publish', {
      headers: { 'x-api-key': key },
      body: { channel: 'news:general', data: { title: 'Lunch', message: 'Soup today' } },
    })
    expect(sent.status).toBe(200)
    await window.getByRole('list', { name: 'Events' }).getByText('Soup today').waitFor()
    const notification = await atDesk.waitForNotification((one) => one.summary.includes('Lunch'))
    expect(notification.body).toContain('Soup today')
    await inFront[Symbol.asyncDispose]()
    await photograph(window, 'desktop-live')
  })

  test('the console shows the events of a channel as they come', async () => {
    await page.goto(`${server.url}/live?channel=news:general`)
    await page.getByText('Soup today').waitFor()
    await server.cli(['publish', 'news:general', '{"title":"Coffee","message":"Second floor"}'])
    await page.getByText('Second floor').waitFor()
    await photograph(page, 'console-live')
  })

  test('without the server everybody says since when, keeps what it had, and gets what it missed', async () => {
    await server.kill()
    await screen.getByText(/Offline since/).waitFor()
    await window
      .getByText(/Offline since/)
      .first()
      .waitFor()
    await page
      .getByText(/Offline since/)
      .first()
      .waitFor()
    await screen.getByText('The lecture is in room two').waitFor()
    await window.getByText('Soup today').waitFor()
    await atWall.screenshot(await photographPath('kiosk-offline'))
    await photograph(window, 'desktop-offline')
    await photograph(page, 'console-offline')

    for (const n of [1, 2, 3]) await server.cli(['publish', 'news:general', `{"message":"While you were away ${n}"}`])
    await server.cli(['publish', 'commands:lobby-1', '{"show":{"message":"Back at last"}}'])
    await server.start()
    await screen.getByText('Back at last').waitFor()
    for (const list of [window, page]) {
      await list.getByText('While you were away 3').waitFor()
      const messages = await list.getByText(/While you were away \d/).allInnerTexts()
      expect(messages).toEqual(['While you were away 3', 'While you were away 2', 'While you were away 1'])
    }
    await screen.getByText(/Offline since/).waitFor({ state: 'detached' })
  })

  test('a kiosk that is removed in the console goes back to its code', async () => {
    await page.goto(`${server.url}/`)
    await page.getByRole('button', { name: 'More for lobby-1' }).click()
    await page.getByRole('menuitem', { name: 'Remove' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Remove/ })
      .click()
    await screen.getByLabel('Enrolment code').waitFor()
  })

  test('nobody who signs out is connected again by a restart', async () => {
    await window.getByRole('button', { name: 'Sign out' }).click()
    await window.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await window.getByLabel('Server address').waitFor()
    await desktop.kill()
    await startDesktop()
    await window.getByLabel('Server address').waitFor()
  })
})
