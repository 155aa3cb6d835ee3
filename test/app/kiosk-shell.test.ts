import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { proportionalMegabytes } from '../support/process-tree.ts'
import { openShownSign, type ShownSign } from './shown-sign.ts'

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
    expect(await app.log()).toContain('shell profile=low')
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
    await expect.poll(() => modified(beat), { timeout: 10_000 }).toBeGreaterThan(0)
    const ours = () =>
      app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId())
    const before = (await ours()) ?? -1
    process.kill(before, 'SIGSTOP')
    const stopped = Date.now()
    await expect.poll(ours, { timeout: 30_000 }).not.toBe(before)
    expect(await app.log()).toContain('our own page does not answer')
    await expect.poll(() => modified(beat), { timeout: 20_000 }).toBeGreaterThan(stopped + 10_000)
  })
})

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
