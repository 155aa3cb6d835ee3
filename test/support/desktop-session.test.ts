import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startChild } from './child-program.ts'
import { type DesktopSession, startDesktopSession } from './desktop-session.ts'
import { launchElectron } from './electron-app.ts'
import { describeWith } from './needs.ts'

const execute = promisify(execFile)

describeWith(['xvfb', 'keyring', 'notifications', 'matchbox'], 'a desktop session of a test', () => {
  test('two at the same time have a display and a keyring each', async () => {
    await using ada = await startDesktopSession()
    await using ben = await startDesktopSession()
    expect(ada.env.DISPLAY).not.toBe(ben.env.DISPLAY)

    await store(ada, 'account-a', 'first secret')
    await store(ben, 'account-b', 'second secret')
    expect(await inSession(ada, 'secret-tool', ['lookup', 'account', 'account-a'])).toBe('first secret')
    expect(await inSession(ben, 'secret-tool', ['search', '--all', 'account', 'account-b'])).toContain('second secret')
    await expect(inSession(ben, 'secret-tool', ['lookup', 'account', 'account-a'])).rejects.toThrow('secret-tool')
  })

  test('one without a keyring has no secret service at all', async () => {
    await using session = await startDesktopSession({ keyring: false })
    await expect(inSession(session, 'secret-tool', ['lookup', 'a', 'b'])).rejects.toThrow('org.freedesktop.secrets')
  })

  test('a notification is seen as it passed over the bus', async () => {
    await using session = await startDesktopSession()
    const seen = session.waitForNotification(({ summary }) => summary === 'Doors')
    await inSession(session, 'notify-send', ['--app-name', 'test', 'Doors', 'open "at"\nnine'])
    expect(await seen).toEqual({ application: 'test', summary: 'Doors', body: 'open "at"\nnine' })
    expect(session.notifications()).toHaveLength(1)
  })

  test('the screen has the size that was asked for', async () => {
    await using session = await startDesktopSession({ width: 800, height: 480, windowManager: 'matchbox' })
    const file = join(session.home, 'screen.png')
    await session.screenshot(file)
    expect((await stat(file)).size).toBeGreaterThan(0)
    expect(await inSession(session, 'identify', ['-format', '%wx%h', file])).toBe('800x480')
  })

  test('nothing is left when it ends', async () => {
    const session = await startDesktopSession()
    await session[Symbol.asyncDispose]()
    expect(existsSync(session.home)).toBe(false)
    expect(existsSync(`/tmp/.X11-unix/X${session.env.DISPLAY?.slice(1)}`)).toBe(false)
  })
})

describeWith(['electron', 'xvfb', 'matchbox'], 'Electron in a session of a test', () => {
  test('opens a window that matchbox makes as large as the screen, and ends with the test', async () => {
    await using session = await startDesktopSession({
      width: 800,
      height: 480,
      windowManager: 'matchbox',
      keyring: false,
      notifications: false,
    })
    const folder = await writeSmallApp(session.home)
    let pid: number
    {
      await using electron = await launchElectron({ session, app: { folder }, args: ['--greeting=hello'] })
      pid = electron.pid
      const page = await electron.application.firstWindow()
      expect(await page.textContent('h1')).toBe('Ding')
      expect(await electron.application.evaluate(({ app }) => app.getName())).toBe('small')
      expect(await electron.application.evaluate(() => process.argv.at(-1))).toBe('--greeting=hello')
      await expect.poll(() => page.evaluate(() => [innerWidth, innerHeight])).toEqual([800, 480])
      expect(electron.output()).toContain('small app is up')
    }
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

test('a program that ends before it said what was waited for fails the wait at once, with what it did say', async () => {
  await using child = startChild('sh', ['-c', 'echo only this; exit 3'])
  await expect(child.waitFor(/never/)).rejects.toThrow(/ended with 3.*only this/s)
})

async function writeSmallApp(home: string): Promise<string> {
  const folder = join(home, 'small-app')
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'small', type: 'module', main: 'main.js' }))
  await writeFile(
    join(folder, 'main.js'),
    `import { app, BrowserWindow } from 'electron'
app.whenReady().then(() => {
  const window = new BrowserWindow({ frame: false })
  window.on('close', (event) => event.preventDefault())
  window.loadURL('data:text/html,<h1>Ding</h1>')
  console.log('small app is up')
})`,
  )
  return folder
}

async function store(session: DesktopSession, account: string, secret: string): Promise<void> {
  await using tool = startChild('secret-tool', ['store', '--label=test', 'account', account], {
    env: session.env,
    input: secret,
  })
  expect(await tool.exited).toBe(0)
}

async function inSession(session: DesktopSession, program: string, args: string[]): Promise<string> {
  return (await execute(program, args, { env: session.env, timeout: 10_000 })).stdout
}
