import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { html } from '../support/sign-server.ts'
import { green, openShownSign, type ShownSign } from './shown-sign.ts'

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'the content of a kiosk that fails again and again', () => {
  let shown: ShownSign

  beforeAll(async () => {
    shown = await openShownSign()
  })
  afterAll(() => shown?.[Symbol.asyncDispose]())

  test('a page that crashes each time is loaded six times, then the screen says so, and being told again brings it back', async () => {
    const { screen, sign } = shown
    await shown.nextPage()
    const url = (await screen.view()).state.url ?? ''
    const path = new URL(url).pathname
    const loads = () => sign.requests.filter((one) => one === path).length
    for (;;) {
      const { state } = await screen.until(
        (view) => view.state.phase === 'showing' || view.state.phase === 'failed',
        20_000,
      )
      if (state.phase === 'failed') break
      const told = (await shown.phases()).length
      process.kill(await screen.contentPid(), 'SIGKILL')
      await expect.poll(async () => (await shown.phases()).length).toBeGreaterThan(told)
    }
    expect(loads()).toBe(6)
    expect((await screen.view()).state).toMatchObject({ fault: 'crash_loop', restarts: 5 })
    await screen.app.page.getByText('crash_loop').waitFor()
    await screen.app.page.getByText('The page fails again and again. The page crashed.').waitFor()
    await screen.show({ url })
    await screen.until(({ state }) => state.phase === 'showing')
    expect(loads()).toBe(7)
  }, 120_000)

  test('a page of one colour is loaded three times, then believed and told', async () => {
    const { screen, sign } = shown
    await shown.mend()
    sign.answer = html('<body style="background:#fff">')
    const before = sign.requests.length
    await shown.tellNextPage()
    const { state } = await screen.until(
      (view) => view.state.phase === 'showing' && view.state.message?.includes('stays as it is') === true,
      60_000,
    )
    expect(state).toMatchObject({ fault: 'blank_frame', restarts: 2 })
    await screen.untilColour([255, 255, 255])
    expect(sign.requests.slice(before).filter((one) => one.startsWith('/sign/'))).toHaveLength(3)
    await screen.inContent('document.body.innerHTML = \'<h1 style="font-size:99px">Words</h1>\'; 0')
    await screen.until((view) => view.state.fault === null)
  }, 120_000)

  test('our own page dies: it is back, and the content stayed', async () => {
    const { screen } = shown
    await shown.nextPage()
    const content = await screen.contentPid()
    const { state } = await screen.app.application.evaluate(async ({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents
      await new Promise<void>((loaded) => {
        contents?.once('did-finish-load', () => loaded())
        contents?.forcefullyCrashRenderer()
      })
      return contents?.executeJavaScript('carillon.kiosk.shell.state()')
    })
    expect(state.phase).toBe('showing')
    expect(await screen.contentPid()).toBe(content)
    await screen.untilColour(green)
  })
})
