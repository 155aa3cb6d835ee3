import { afterAll, afterEach, beforeAll, beforeEach, test } from 'vitest'
import type { ShellFault } from '#protocol/device-report.ts'
import { describeWith } from '../support/needs.ts'
import { html, type SignServer, signPage, startSignServer } from '../support/sign-server.ts'
import { type Colour, type KioskScreen, openKioskScreen } from './kiosk-screen.ts'

const green: Colour = [10, 125, 60]
const good = html(signPage('rgb(10,125,60)'))
/** Milliseconds within which the content has to be back once the fault is over. */
const soon = 15_000

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'the content of a kiosk', () => {
  let sign: SignServer
  let screen: KioskScreen
  let pages = 0

  beforeAll(async () => {
    sign = await startSignServer(good)
    screen = await openKioskScreen({
      args: [`--allow=${sign.url}`, '--load-timeout=4', '--memory-ceiling=250'],
    })
  })
  afterAll(async () => {
    await screen?.[Symbol.asyncDispose]()
    await sign?.[Symbol.asyncDispose]()
  })

  /** A page of its own for each test: its restarts begin at none. */
  beforeEach(async () => {
    sign.answer = good
    await screen.show({ url: `${sign.url}/sign/${++pages}` })
    await screen.until(({ state }) => state.phase === 'showing' && state.url?.endsWith(`/${pages}`) === true)
    await screen.untilColour(green)
  })
  afterEach(async () => {
    await sign.start().catch(() => {}) // it listens
  })

  async function expectBack(fault: ShellFault): Promise<void> {
    await screen.until(({ state }) => state.fault === fault)
    await screen.until(({ state }) => state.phase === 'showing')
    console.log(fault, await screen.untilColour(green, soon))
  }

  test('a process that is killed: the page is back', async () => {
    process.kill(await screen.contentPid(), 'SIGKILL')
    await expectBack('renderer_gone')
  })
})
