import { expect } from 'vitest'
import type { ShellFault } from '#protocol/device-report.ts'
import type { Colour } from '../support/screen-colour.ts'
import { html, type SignServer, signPage, startSignServer } from '../support/sign-server.ts'
import { type KioskScreen, openKioskScreen } from './kiosk-screen.ts'

/** The ground of a page that is as it should be. */
export const green: Colour = [10, 125, 60]
export const goodPage = html(signPage('rgb(10,125,60)'))

/** Milliseconds within which the content has to be back once the fault is over. */
const soonMs = 15_000

/** A kiosk that shows a page of a server that can be broken and mended. */
export interface ShownSign extends AsyncDisposable {
  readonly sign: SignServer
  readonly screen: KioskScreen
  /** Shows a page that was not shown before, whose restarts begin at none. */
  nextPage(): Promise<void>
  /** Tells the screen to show another page, and does not wait for it. */
  tellNextPage(): Promise<string>
  /** The page is as it should be, and its server listens. */
  mend(): Promise<void>
  /** The fault is told, and then the page is seen again, in time and within its restarts. */
  expectBack(fault: ShellFault, begun?: number): Promise<void>
  /** The phases of the newest page as main told them, without repetitions. */
  phases(): Promise<string[]>
}

export async function openShownSign(args: readonly string[] = []): Promise<ShownSign> {
  await using parts = new AsyncDisposableStack()
  const sign = parts.use(await startSignServer(goodPage))
  const screen = parts.use(
    await openKioskScreen({ args: [`--allow=${sign.url}`, '--load-timeout=4', '--memory-ceiling=250', ...args] }),
  )
  let pages = 0
  // Of the phases of the newest page those that were waited for: a fault is told for a while after it is over.
  let awaited = 0
  const opened = parts.move()
  const shown: ShownSign = {
    sign,
    screen,
    async nextPage() {
      await shown.mend()
      const url = await shown.tellNextPage()
      await screen.until(({ state }) => state.phase === 'showing' && state.url === url)
      await screen.untilColour(green)
    },
    async tellNextPage() {
      const url = `${sign.url}/sign/${++pages}`
      awaited = 0
      await screen.show({ url })
      await screen.until(({ state }) => state.url === url)
      return url
    },
    async mend() {
      sign.answer = goodPage
      await sign.start()
    },
    async expectBack(fault, begun = performance.now()) {
      await screen.until(({ state }) => state.fault === fault)
      await expect
        .poll(async () => (await shown.phases()).slice(awaited), { timeout: soonMs })
        .toSatisfy((since: string[]) => since.includes('recovering') && since.at(-1) === 'showing')
      awaited = (await shown.phases()).length
      await screen.untilColour(green)
      expect(performance.now() - begun).toBeLessThan(soonMs)
      const { state } = await screen.view()
      expect(state.restarts).toBeGreaterThan(0)
      expect(state.restarts).toBeLessThanOrEqual(5)
    },
    async phases() {
      const told = (await screen.views()).filter(({ state }) => state.url?.endsWith(`/${pages}`) === true)
      return told.map(({ state }) => state.phase).filter((phase, index, all) => phase !== all[index - 1])
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
  return shown
}
