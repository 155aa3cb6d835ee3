import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { openApp } from './open-app.ts'
import { signInOnce } from './sign-in-once.ts'

const execute = promisify(execFile)
const packaging = join(import.meta.dirname, '../../build/package.ts')

describeWith(['electron', 'xvfb', 'keyring', 'notifications'], 'the packaged app', () => {
  test('the packaged app passes the desktop scenario, without dev tools', { timeout: 240_000 }, async () => {
    await using app = await packaged()
    await signInOnce((session, args) => openApp(session, args, app))

    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using opened = await openApp(session, [], app)
    const tools = await opened.application.evaluate(({ app: itself, BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents
      contents?.openDevTools()
      return { packaged: itself.isPackaged, open: contents?.isDevToolsOpened() }
    })
    expect(tools).toEqual({ packaged: true, open: false })
  })
})

/** The app as it is shipped, but for the inspector through which the test drives it. */
async function packaged() {
  const output = await mkdtemp(join(tmpdir(), 'carillon-package-'))
  await execute(process.execPath, [packaging, '--electron', 'here', '--attachable', '-o', output], { timeout: 180_000 })
  return {
    program: join(output, 'linux-unpacked/carillon'),
    [Symbol.asyncDispose]: () => rm(output, { recursive: true, force: true, maxRetries: 5 }),
  }
}
