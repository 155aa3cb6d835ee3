import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Issued, issueCertificate, publicKeyHash } from '../support/certificates.ts'
import { describeWith } from '../support/needs.ts'
import { html, type SignServer, signPage, startSignServer } from '../support/sign-server.ts'
import { goodPage, green, openShownSign, type ShownSign } from './shown-sign.ts'

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'the content of a kiosk that cannot be had', () => {
  let shown: ShownSign
  let untrusted: SignServer
  /** A certificate that Chromium is told to believe. */
  let believed: Issued

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-sign-'))
    untrusted = await startSignServer(goodPage, (await issueCertificate(folder, 'sign')).pem)
    believed = await issueCertificate(folder, 'believed')
    await rm(folder, { recursive: true })
    const believe = `--ignore-certificate-errors-spki-list=${publicKeyHash(believed.pem.cert)}`
    shown = await openShownSign([`--allow=${untrusted.url}`, believe])
  })
  afterAll(async () => {
    await shown?.[Symbol.asyncDispose]()
    await untrusted?.[Symbol.asyncDispose]()
  })

  const silent: SignServer['answer'] = () => {}
  test.each([
    ['does not listen', 'load_failed', () => shown.sign.stop()],
    ['never answers', 'load_timeout', () => answerWith(silent)],
    ['answers with an error', 'load_failed', () => answerWith((_, answer) => void answer.writeHead(502).end('Bad'))],
    ['cuts the connection', 'load_failed', () => answerWith((_, answer) => void answer.destroy())],
    [
      'begins and never ends',
      'load_timeout',
      () => answerWith((_, answer) => void answer.writeHead(200, { 'content-type': 'text/html' }).write('<p>So')),
    ],
  ] as const)('a server that %s: a word about it, then the page', async (_, fault, breakIt) => {
    await shown.nextPage()
    await breakIt()
    await shown.tellNextPage()
    const view = await shown.screen.until(({ state }) => state.fault === fault)
    expect(view).toMatchObject({ seen: 'all', state: { message: expect.stringMatching(/^The page .*Check/) } })
    await shown.screen.app.page.getByText('Bringing the page back').waitFor()
    await shown.mend()
    await shown.expectBack(fault)
  })

  test('nothing to be had ends on a screen with a code and what to do, and the page comes all the same', async () => {
    const { screen } = shown
    await shown.nextPage()
    await shown.sign.stop()
    await shown.tellNextPage()
    await screen.until(({ state }) => state.phase === 'failed', 40_000)
    await screen.app.page.getByText('The page cannot be shown').waitFor()
    await screen.app.page.getByText('load_failed').waitFor()
    await screen.app.page.getByText('Nothing listens at its address').waitFor()
    await shown.mend()
    await shown.expectBack('load_failed')
  })

  test('a page that ran well is shown as it was, says so, and is live again with its server', async () => {
    const { screen, sign } = shown
    const kept = () => screen.app.log().then((log) => log.split('page kept').length)
    const before = await kept()
    await shown.nextPage()
    await expect.poll(kept, { timeout: 20_000 }).toBeGreaterThan(before)
    await sign.stop()
    await screen.inContent('location.reload(); 0').catch(() => {}) // it goes away meanwhile
    const view = await screen.until(({ state }) => state.phase === 'cached')
    expect(view).toMatchObject({ seen: 'strip', savedAt: expect.any(Number), state: { fault: 'load_failed' } })
    await screen.app.page.getByText('Not live since').waitFor()
    await screen.untilColour(green)
    await shown.mend()
    await shown.expectBack('load_failed')
    await expect.poll(async () => (await screen.view()).seen).toBe('nothing')
  })

  test('a page with a picture that never comes is shown all the same, and stays', async () => {
    const page = html(signPage('rgb(10,125,60)', '<img src="/never.png">'))
    await shown.nextPage()
    shown.sign.answer = (request, answer) => request.url?.endsWith('.png') === true || page(request, answer)
    await shown.tellNextPage()
    await shown.screen.until(({ state }) => state.phase === 'showing')
    await shown.screen.untilColour(green)
    // Longer than a page may take to load, and than one may go without an answer.
    const later = Date.now() + 10_000
    await expect.poll(() => Date.now(), { timeout: 15_000 }).toBeGreaterThan(later)
    expect((await shown.screen.view()).state).toMatchObject({ phase: 'showing', fault: null, restarts: 0 })
  })

  test('a certificate that nobody vouches for has a fault of its own, and another page is shown at once', async () => {
    const { screen } = shown
    await screen.show({ url: `${untrusted.url}/` })
    const { state } = await screen.until((view) => view.state.fault === 'certificate_error')
    expect(state.message).toMatch(/^The certificate of the page is not trusted\. No authority .*Renew/)
    expect(untrusted.requests).toEqual([])
    await shown.nextPage()
  })

  test('a certificate that is right again: the page comes by itself', async () => {
    const { screen } = shown
    const url = `${untrusted.url}/renewed`
    await screen.show({ url })
    await screen.until(({ state }) => state.url === url && state.fault === 'certificate_error')
    expect(untrusted.requests).toEqual([])
    await untrusted.stop()
    untrusted.certificate = believed.pem
    await untrusted.start()
    const { state } = await screen.until(({ state }) => state.url === url && state.phase === 'showing')
    await screen.untilColour(green)
    expect(state).toMatchObject({ restarts: 1 })
    // Whether it can be had is asked first.
    expect(untrusted.requests.slice(0, 2)).toEqual(['/renewed', '/renewed'])
  })

  test('a page of another origin is refused in words, and what leads to one is too', async () => {
    const { screen, sign } = shown
    await screen.show({ url: 'http://elsewhere.example/' })
    await screen.until(({ refusal }) => refusal !== null)
    await screen.app.page.getByText('This page may not be shown here').waitFor()
    await screen.app.page.getByText('pages of http://elsewhere.example').waitFor()
    await shown.nextPage()
    sign.answer = (_, answer) => void answer.writeHead(302, { location: 'http://elsewhere.example/' }).end()
    await shown.tellNextPage()
    const { state } = await screen.until((view) => view.state.fault === 'load_failed')
    expect(state.message).toContain('leads to http://elsewhere.example')
    await shown.mend()
    await shown.expectBack('load_failed')
  })

  async function answerWith(answer: SignServer['answer']): Promise<void> {
    shown.sign.answer = answer
  }
})
