import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import type { CarillonBridge } from '#protocol/ipc.ts'
import { launchChromium } from '../support/chromium.ts'
import { approveInConsole, setUpInConsole } from '../support/console-page.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { launchElectron } from '../support/electron-app.ts'
import { describeWith } from '../support/needs.ts'
import { jwtFor, sdkClient } from '../support/sdk-client.ts'
import { createKey, password, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { publishStream } from '../support/stream-of-publications.ts'

const root = join(import.meta.dirname, '../..')
const count = 1000
const kills = 5
const expected = Array.from({ length: count }, (_, index) => index + 1)

/** What a window has been told, collected by the page itself through its own bridge. */
type Collecting = Window & { carillon?: CarillonBridge; collected: number[] }

describeWith(
  ['electron', 'xvfb', 'keyring', 'matchbox', 'chromium'],
  'five kills of the server in a stream of 1,000',
  () => {
    test('every client ends with every acknowledged publication exactly once and in order', {
      timeout: 240_000,
    }, async () => {
      await using server = await startServerProcess()
      await using atDesk = await startDesktopSession({ notifications: false })
      await using atWall = await startDesktopSession({ windowManager: 'matchbox', notifications: false })
      const browser = await launchChromium()
      await using _closing = { [Symbol.asyncDispose]: () => browser.close() }
      const page = await browser.newPage()
      await setUpInConsole(page, server, 'ada@example.org')
      const key = await createKey(server, ['publish'])

      await using kiosk = await launchElectron({
        session: atWall,
        app: { folder: root },
        args: ['--kiosk', '--server', server.url],
      })
      const screen = await kiosk.application.firstWindow()
      const code = (await screen.getByLabel('Enrolment code').textContent()) ?? ''
      await approveInConsole(page, server.url, code, 'lobby-1')
      await screen.getByLabel('Waiting for messages').waitFor()

      await using desktop = await launchElectron({
        session: atDesk,
        app: { folder: root },
        args: ['--server', server.url],
      })
      const window = await desktop.application.firstWindow()
      await signInAtDesk(window, server)
      await collectInWindows(screen, window)

      const { token } = await signIn(server, 'sdk@example.org', 'viewer')
      using sdk = sdkClient(server, { getToken: jwtFor(server, token) })
      const bySdk: unknown[] = []
      const subscription = sdk.client.newSubscription('news:stream')
      subscription.on('publication', ({ data }) => bySdk.push((data as { n: number }).n))
      subscription.subscribe()
      sdk.client.connect()
      await subscription.ready(10_000)
      await page.goto(`${server.url}/live?channel=news:stream`)
      await page.getByRole('heading', { name: 'Live' }).waitFor()

      let killing: Promise<void> = Promise.resolve()
      const acknowledged = new Set<number>()
      const streams = (['news:stream', 'commands:lobby-1'] as const).map((channel) =>
        publishStream(server, {
          key,
          channel,
          count,
          dataOf: (n) => (channel === 'news:stream' ? { n } : { show: { message: String(n) } }),
          onAcknowledged(n) {
            if (channel !== 'news:stream') return
            acknowledged.add(n)
            if (n % Math.floor(count / (kills + 1)) === 0 && n < count - 100)
              killing = killing.then(() => plugPulled(server))
          },
        }),
      )
      await Promise.all(streams)
      await killing
      expect(acknowledged.size).toBe(count)
      expect(server.kills).toBe(kills)

      await vi.waitFor(() => expect(bySdk).toHaveLength(count), 30_000)
      expect(bySdk).toEqual(expected)
      for (const client of [screen, window]) {
        const collected = () => client.evaluate(() => (globalThis as unknown as Collecting).collected)
        await vi.waitFor(async () => expect((await collected()).at(-1)).toBe(count), 30_000)
        expect(await collected()).toEqual(expected)
      }
      const rows = page.getByRole('list', { name: 'Events' }).getByRole('listitem')
      await vi.waitFor(async () => expect(await rows.count()).toBe(count), 30_000)
      const shown = await page.locator('.event-line').allTextContents()
      expect(shown.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(expected.toReversed())
      // The screen itself shows the last one.
      await screen.getByLabel('Message').getByText(String(count), { exact: true }).waitFor()
    })
  },
)

async function plugPulled(server: ServerProcess): Promise<void> {
  await server.kill()
  await server.start()
}

async function signInAtDesk(window: Page, server: ServerProcess): Promise<void> {
  await window.getByLabel('Server address').fill(server.url)
  await window.getByLabel('E-mail').fill('ada@example.org')
  await window.getByLabel('Password', { exact: true }).fill(password)
  await window.getByRole('button', { name: 'Sign in' }).click()
  await window.getByLabel('Follow a channel').fill('news:stream')
  await window.getByRole('button', { name: 'Follow', exact: true }).click()
  await window.getByRole('button', { name: 'Unfollow news:stream' }).waitFor()
}

async function collectInWindows(screen: Page, window: Page): Promise<void> {
  await screen.evaluate(() => {
    const scope = globalThis as unknown as Collecting
    scope.collected = []
    scope.carillon?.kiosk?.onScreen(({ screen: shown }) => {
      if (shown.kind === 'message') scope.collected.push(Number(shown.message))
    })
  })
  await window.evaluate(() => {
    const scope = globalThis as unknown as Collecting
    scope.collected = []
    scope.carillon?.desktop?.onEvent(({ data }) => scope.collected.push((data as { n: number }).n))
  })
}
