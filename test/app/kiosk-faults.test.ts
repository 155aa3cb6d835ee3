import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { html, signPage } from '../support/sign-server.ts'
import { goodPage, openShownSign, type ShownSign } from './shown-sign.ts'

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'the content of a kiosk that misbehaves', () => {
  let shown: ShownSign

  beforeAll(async () => {
    shown = await openShownSign()
  })
  afterAll(() => shown?.[Symbol.asyncDispose]())
  beforeEach(() => shown.nextPage())

  test('a process that is killed: the page is back, and so it is each time', async () => {
    for (let time = 0; time < 2; time++) {
      process.kill(await shown.screen.contentPid(), 'SIGKILL')
      await shown.expectBack('renderer_gone')
    }
    expect(await shown.phases()).toEqual([
      ...['loading', 'showing', 'recovering', 'loading', 'showing', 'recovering', 'loading', 'showing'],
    ])
  })

  test('an endless loop: the page is back', async () => {
    const begun = performance.now()
    void shown.screen.inContent('setTimeout(() => { for (;;); }, 0)').catch(() => {}) // it has no time to answer
    await shown.expectBack('unresponsive', begun)
  })

  test('a page that has lost all it showed: it is back', async () => {
    const begun = performance.now()
    await shown.screen.inContent("document.body.style.background = '#fff'; document.body.textContent = ''; 0")
    await shown.expectBack('blank_frame', begun)
  })

  test('a page that takes more and more memory: it is back, in a process of its own', async () => {
    const before = await shown.screen.contentPid()
    const begun = performance.now()
    await shown.screen.inContent(`window.kept = []
      setInterval(() => kept.push(new Uint8Array(20e6).fill(1)), 50); 0`)
    await shown.expectBack('memory_ceiling', begun)
    expect(await shown.screen.contentPid()).not.toBe(before)
  })

  test('a page that loads itself again and again: it is stopped, and back once it does so no more', async () => {
    shown.sign.answer = html(signPage('rgb(200,0,0)', '<script>location.reload()</script>'))
    await shown.screen.inContent('location.reload(); 0')
    await shown.screen.until(({ state }) => state.fault === 'navigation_loop')
    shown.sign.answer = goodPage
    await shown.expectBack('navigation_loop')
  })

  test('a server that redirects in a circle: the page is back once it does so no more', async () => {
    shown.sign.answer = (request, response) => void response.writeHead(302, { location: `${request.url}?again` }).end()
    await shown.screen.inContent('location.reload(); 0')
    await shown.screen.until(({ state }) => state.fault === 'navigation_loop')
    shown.sign.answer = goodPage
    await shown.expectBack('navigation_loop')
  })
})
