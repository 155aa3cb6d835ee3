import type { CarillonBridge } from '#protocol/ipc.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { patienceMs } from '../support/patience.ts'
import { type Colour, colourAt, isColour } from '../support/screen-colour.ts'
import { bearer, signIn, startServerProcess } from '../support/server-process.ts'
import { kioskState, openApp } from './open-app.ts'

export interface KioskScreenOptions {
  readonly width?: number
  readonly height?: number
  readonly args?: readonly string[]
}

/** An approved kiosk on a screen of its own, whose every state of the content is written down. */
export async function openKioskScreen({ width = 800, height = 480, args = [] }: KioskScreenOptions = {}) {
  await using parts = new AsyncDisposableStack()
  const server = parts.use(await startServerProcess())
  const session = parts.use(
    await startDesktopSession({ windowManager: 'matchbox', width, height, notifications: false }),
  )
  const { token } = await signIn(server, 'ada@example.org', 'operator')
  const app = parts.use(await openApp(session, ['--kiosk', `--server=${server.url}`, ...args]))
  const { page, application } = app
  const headers = bearer(token)
  const state = await kioskState(page, ({ phase }) => phase === 'enrolling')
  const code = state.phase === 'enrolling' ? state.userCode : ''
  await server.api('POST', `/api/v1/enrolments/${code}/approve`, { headers, body: { name: 'lobby-1' } })
  await kioskState(page, (one) => one.phase === 'enrolled' && one.link.phase === 'online')
  await page.evaluate(() => {
    const { carillon } = window as { carillon?: CarillonBridge }
    Object.assign(window, { seen: [] })
    carillon?.kiosk?.shell.onState((view) => void (window as unknown as { seen: ShellView[] }).seen.push(view))
  })

  const opened = parts.move()
  const screen = {
    server,
    session,
    app,
    /** Publishes what the screen is to show. */
    async show(what: { readonly url: string } | { readonly message: string } | null): Promise<void> {
      await server.api('POST', '/api/publish', { headers, body: { channel: 'commands:lobby-1', data: { show: what } } })
    },
    view(): Promise<ShellView> {
      return page.evaluate(() => {
        const { carillon } = window as { carillon?: CarillonBridge }
        if (carillon?.kiosk === undefined) throw new Error('no bridge')
        return carillon.kiosk.shell.state()
      })
    },
    /** Every view that main has told, oldest first. */
    views(): Promise<ShellView[]> {
      return page.evaluate(() => (window as unknown as { seen: ShellView[] }).seen)
    },
    /** The content's own contents, evaluated in it; rejects when there is none. */
    inContent<T>(code: string): Promise<T> {
      return application.evaluate(async ({ webContents }, text) => {
        const content = webContents
          .getAllWebContents()
          .find((one) => !one.getURL().startsWith('app:') && !one.isDestroyed())
        if (content === undefined) throw new Error('there is no content')
        return content.mainFrame.executeJavaScript(text, true)
      }, code) as Promise<T>
    },
    /** The process of the content, as the system knows it. */
    contentPid(): Promise<number> {
      return application.evaluate(({ webContents }) => {
        const content = webContents.getAllWebContents().find((one) => !one.getURL().startsWith('app:'))
        return content?.getOSProcessId() ?? -1
      })
    },
    /** The colour at a place of the whole X screen: what somebody in front of it sees. */
    colourAt: (x: number, y: number) => colourAt(session, x, y),
    /** Resolves with how many milliseconds it took until the middle of the screen had this colour. */
    async untilColour(colour: Colour, withinMs = patienceMs): Promise<number> {
      const begun = performance.now()
      for (;;) {
        const at = await screen.colourAt(Math.floor(width / 2), Math.floor(height * 0.8))
        const waited = performance.now() - begun
        if (isColour(at, colour)) return waited
        if (waited > withinMs) {
          throw new Error(`after ${Math.round(waited)} ms ${at}, not ${colour}; ${JSON.stringify(await screen.view())}`)
        }
        await new Promise((later) => setTimeout(later, 100))
      }
    },
    async until(matches: (view: ShellView) => boolean, withinMs = patienceMs): Promise<ShellView> {
      const end = Date.now() + withinMs
      for (;;) {
        const view = await screen.view()
        if (matches(view)) return view
        if (Date.now() > end) throw new Error(`not in ${withinMs} ms; last: ${JSON.stringify(view)}`)
        await new Promise((later) => setTimeout(later, 100))
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
  return screen
}
export type KioskScreen = Awaited<ReturnType<typeof openKioskScreen>>
