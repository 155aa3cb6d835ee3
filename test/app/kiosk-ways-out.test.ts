import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { html, type SignServer, signPage, startSignServer } from '../support/sign-server.ts'
import { filesHolding } from './open-app.ts'
import { green, openShownSign, type ShownSign } from './shown-sign.ts'

const execute = promisify(execFile)

describeWith(['electron', 'xvfb', 'keyring', 'matchbox', 'xdotool'], 'a page that wants out of its kiosk', () => {
  let shown: ShownSign
  let elsewhere: SignServer

  beforeAll(async () => {
    elsewhere = await startSignServer(html(signPage('rgb(200,0,0)')))
    shown = await openShownSign(['--use-fake-device-for-media-stream'])
  })
  afterAll(async () => {
    await shown?.[Symbol.asyncDispose]()
    await elsewhere?.[Symbol.asyncDispose]()
  })
  beforeEach(() => shown.nextPage())

  test('reaches neither our bridge nor Node', async () => {
    const found = await shown.screen.inContent('[typeof window.carillon, typeof require, typeof process].join()')
    expect(found).toBe('undefined,undefined,undefined')
  })

  test.each([
    ['a window', "window.open('/other') === null", true],
    ['an alert', "alert('x'); confirm('x')", false],
    [
      'the camera',
      "navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'given', (e) => e.name)",
      'NotAllowedError',
    ],
    [
      'the screen',
      "navigator.mediaDevices.getDisplayMedia({ video: true }).then(() => 'given', (e) => e.name)",
      expect.stringMatching(/^Not/),
    ],
    [
      'the place',
      "new Promise((r) => navigator.geolocation.getCurrentPosition(() => r('given'), (e) => r(e.code)))",
      1,
    ],
    ['notifications', 'Notification.requestPermission()', 'denied'],
    // Chromium leaves the question open when the answer is no.
    ['full screen', 'document.documentElement.requestFullscreen().catch(() => {}), document.fullscreenElement', null],
    ['the clipboard', "navigator.clipboard.readText().then(() => 'given', (e) => e.name)", 'NotAllowedError'],
    ['the pointer', "document.body.requestPointerLock()?.then(() => 'given', () => 'refused')", 'refused'],
    ['the files of this machine', 'typeof showOpenFilePicker', 'undefined'],
    ['its paper', 'print(), 1', 1],
  ])('is not given %s', async (_, code, expected) => {
    expect(await shown.screen.inContent(code)).toEqual(expected)
    await expectUndisturbed()
  })

  test('stays where it is, whatever it calls', async () => {
    const { screen } = shown
    for (const address of [
      `${elsewhere.url}/`,
      'mailto:a@example.org',
      'tel:1',
      'file:///etc/passwd',
      'chrome://gpu',
      'data:text/html,x',
    ]) {
      await screen.inContent(`location.href = ${JSON.stringify(address)}; 0`)
    }
    await screen.inContent(`const form = document.createElement('form')
      form.action = '${elsewhere.url}/form'; document.body.append(form); form.submit(); 0`)
    await screen.inContent(`const frame = document.createElement('iframe')
      frame.src = '${elsewhere.url}/frame'; document.body.append(frame)
      new Promise((loaded) => { frame.onload = () => loaded(0); setTimeout(loaded, 1000, 0) })`)
    await screen.inContent(`onbeforeunload = (event) => { event.preventDefault(); return 'x' }; 0`)
    await expectUndisturbed()
    expect(elsewhere.requests).toEqual([])
    expect(await screen.app.log()).toContain('content: navigation blocked')
  })

  test('downloads nothing', async () => {
    const { screen, sign } = shown
    const page = sign.answer
    sign.answer = (request, answer) => {
      if (request.url !== '/file') return page(request, answer)
      // What may be kept is in the cache of the page, which is no download.
      answer
        .writeHead(200, {
          'content-type': 'application/zip',
          'content-disposition': 'attachment',
          'cache-control': 'no-store',
        })
        .end('never on a disk')
    }
    await screen.inContent(
      "Object.assign(document.createElement('a'), { href: '/file', download: 'carillon-test' }).click(); 0",
    )
    await screen.inContent("location.href = '/file'; 0")
    await expect.poll(() => sign.requests).toContain('/file')
    await expectUndisturbed()
    expect(await filesHolding(screen.session.home, 'never on a disk')).toEqual([])
  })

  test('is told to show what is a download: the screen says so', async () => {
    const { screen, sign } = shown
    sign.answer = (_, answer) => void answer.writeHead(200, { 'content-type': 'application/zip' }).end('x')
    await shown.tellNextPage()
    const { state } = await screen.until((view) => view.state.fault === 'load_failed')
    expect(state.message).toContain('file to download')
  })

  test('opens no dialog for files, also for a real click', async () => {
    const { screen } = shown
    await screen.inContent(`document.body.innerHTML = '<label style="position:fixed;inset:0">File<input type="file" id="f"></label>'
      f.onclick = () => { window.clicked = true }; 0`)
    await execute('xdotool', ['mousemove', '400', '300', 'click', '1'], { env: screen.session.env, timeout: 10_000 })
    await expect.poll(() => screen.inContent('window.clicked')).toBe(true)
    expect(await windows()).toHaveLength(1)
  })

  test('is touched and typed into while our page has nothing to say, and keys that lead out do nothing', async () => {
    const { screen } = shown
    await screen.inContent(
      `document.body.innerHTML += '<input id="i" style="position:fixed;left:300px;top:280px;width:200px;height:60px">'; 0`,
    )
    const keys = (...args: string[]) => execute('xdotool', args, { env: screen.session.env, timeout: 10_000 })
    await keys('mousemove', '400', '310', 'click', '1', 'type', 'hello')
    await expect.poll(() => screen.inContent('i.value')).toBe('hello')
    const pid = await screen.contentPid()
    await keys(
      'key',
      'F5',
      'ctrl+r',
      'ctrl+w',
      'ctrl+n',
      'ctrl+p',
      'ctrl+o',
      'ctrl+shift+i',
      'F12',
      'alt+Left',
      'alt+F4',
      'F11',
    )
    await keys('mousemove', '200', '400', 'click', '3')
    await keys('key', 'ctrl+plus', 'ctrl+plus')
    await keys('mousemove', '400', '310', 'click', '1', 'type', '!')
    await expect.poll(() => screen.inContent('i.value')).toBe('hello!')
    expect(await screen.contentPid()).toBe(pid)
    expect(await screen.inContent('devicePixelRatio + visualViewport.scale')).toBe(2)
    expect(await windows()).toHaveLength(1)
    await expectUndisturbed()
  })

  test('a message covers the page, which is there again when it is asked for, and was not loaded anew', async () => {
    const { screen, sign } = shown
    const { state } = await screen.view()
    await screen.show({ message: 'Doors open at nine' })
    await screen.app.page.getByText('Doors open at nine').waitFor()
    await screen.until(({ seen }) => seen === 'all')
    const before = sign.requests.length
    await screen.show({ url: state.url ?? '' })
    await screen.until(({ seen }) => seen === 'nothing')
    await screen.untilColour(green)
    expect(sign.requests.length).toBe(before)
    await screen.show(null)
    await screen.until((view) => view.state.phase === 'waiting')
    await screen.app.page.getByLabel('Waiting for messages').waitFor()
  })

  /** The page is still there, alone on the screen, and answers. */
  async function expectUndisturbed(): Promise<void> {
    await shown.screen.untilColour(green)
    expect(await shown.screen.inContent('document.getElementById("words").textContent')).toBe('Departures')
    expect((await shown.screen.view()).state).toMatchObject({ phase: 'showing', fault: null })
    expect(await windows()).toHaveLength(1)
  }

  /** The windows on the screen, as the window manager knows them: a dialog is one more. */
  async function windows(): Promise<string[]> {
    const { stdout } = await execute('xprop', ['-root', '_NET_CLIENT_LIST'], {
      env: shown.screen.session.env,
      timeout: 10_000,
    })
    return stdout.match(/0x[0-9a-f]+/g) ?? []
  }
})
