import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { proportionalMegabytes } from '../support/process-tree.ts'
import { green, openShownSign, type ShownSign } from './shown-sign.ts'

/** Megabytes of the whole app with a simple page, with the test's debugger attached to it. */
const mostMegabytes = 330

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'the shell of a kiosk with little memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-beat-'))
  const beat = join(folder, 'heartbeat')
  let shown: ShownSign

  beforeAll(async () => {
    shown = await openShownSign(['--profile=low', `--heartbeat=${beat}`])
    await shown.nextPage()
  })
  afterAll(async () => {
    await shown?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  test('has the switches of the profile, our page and the content in processes of their own, and stays small', async () => {
    const { app, contentPid } = shown.screen
    await expect.poll(app.log).toContain('shell profile=low')
    const found = await app.application.evaluate(({ app: main, BrowserWindow }) => ({
      heap: main.commandLine.getSwitchValue('js-flags'),
      renderers: main.commandLine.getSwitchValue('renderer-process-limit'),
      ours: BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
    }))
    expect(found).toMatchObject({ heap: '--max-old-space-size=192', renderers: '1' })
    expect(found.ours).not.toBe(await contentPid())
    const megabytes = proportionalMegabytes(app.pid)
    expect(megabytes).toBeLessThan(mostMegabytes)
  })

  test('touches its heartbeat as long as our page answers, and starts it again when it does not', async () => {
    const { app } = shown.screen
    await expect.poll(() => modified(beat)).toBeGreaterThan(0)
    const before = (await ourPid()) ?? -1
    process.kill(before, 'SIGSTOP')
    const stopped = Date.now()
    await expect.poll(ourPid, { timeout: 30_000 }).not.toBe(before)
    await expect.poll(app.log).toContain('our own page does not answer')
    await expect.poll(() => modified(beat), { timeout: 20_000 }).toBeGreaterThan(stopped + 10_000)
  })

  test('begins our page anew once it has grown too much, and leaves the content where it is', async () => {
    const { app, contentPid } = shown.screen
    const content = await contentPid()
    const begunAnew = async () => (await app.log()).split('our own page is begun anew').length - 1
    const { pid, before } = { pid: await ourPid(), before: await begunAnew() }
    // It has been up for a while: what it takes from now on is growth.
    const beats = modified(beat)
    await expect.poll(() => modified(beat), { timeout: 20_000 }).toBeGreaterThan(beats + 9_000)
    await app.application.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('kept = new Uint8Array(150e6).fill(1); 0'),
    )
    await expect.poll(ourPid, { timeout: 20_000 }).not.toBe(pid)
    expect(await begunAnew()).toBe(before + 1)
    expect(await contentPid()).toBe(content)
    await shown.screen.untilColour(green)
  })

  function ourPid() {
    return shown.screen.app.application.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
    )
  }
})

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
