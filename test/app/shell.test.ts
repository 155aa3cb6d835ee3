import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { resolveElectron } from '../../build/electron-path.ts'
import { contentSecurityPolicy } from '../../main/page-files.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { openApp } from './open-app.ts'

const execute = promisify(execFile)
/** What Electron knows of a page beyond its typed interface. */
interface Preferring {
  getLastWebPreferences(): unknown
}

const nobody = '--server=http://127.0.0.1:9'

describeWith(['electron', 'xvfb'], 'the app around its pages', () => {
  test('a page has its named verbs and nothing of Node', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, [nobody])
    const found = await app.page.evaluate(() => {
      const { carillon } = window as unknown as { carillon?: Record<string, Record<string, unknown>> }
      return {
        node: ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer'].filter((name) => name in window),
        bridges: Object.keys(carillon ?? {}),
        verbs: Object.keys(carillon?.desktop ?? {}).sort(),
      }
    })
    const verbs = [
      'cancelTask',
      'events',
      'follow',
      'onEarlier',
      'onEvent',
      'onState',
      'onTasks',
      'openConsole',
      'retryTask',
      'saveTaskFile',
      'signIn',
      'signOut',
      'state',
      'submitTask',
      'tasks',
      'unfollow',
    ]
    expect(found).toEqual({ node: [], bridges: ['desktop'], verbs })
    const preferences = await app.application.evaluate(({ BrowserWindow }) => {
      const ours = BrowserWindow.getAllWindows()[0]?.webContents as unknown as Preferring
      return ours.getLastWebPreferences()
    })
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    })
  })

  test('a kiosk window has only the verbs of a kiosk', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, ['--kiosk', '--windowed', nobody])
    const bridges = await app.page.evaluate(() => {
      const { carillon } = window as unknown as { carillon?: Record<string, Record<string, unknown>> }
      return Object.entries(carillon ?? {}).map(([name, verbs]) => [name, Object.keys(verbs).sort()])
    })
    expect(bridges).toEqual([['kiosk', ['acceptMemory', 'onScreen', 'onState', 'pane', 'shell', 'state']]])
  })

  test('a page reaches no network, runs no text as code, opens no window and goes nowhere', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, [nobody])
    const tried = await app.page.evaluate(async () => {
      const blocked = new Set<string>()
      const allBlocked = new Promise<void>((all) => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
          if (blocked.add(effectiveDirective).size === 3) all()
        })
        setTimeout(all, 10_000)
      })
      const frame = document.createElement('iframe')
      frame.src = 'https://example.org/'
      document.body.append(frame)
      let textRefused = false
      try {
        document.createElement('script').textContent = 'window.textRan = true'
      } catch {
        textRefused = true
      }
      new WebSocket('ws://127.0.0.1:9/')
      const fetched = await fetch('http://127.0.0.1:9/').catch(() => null)
      await allBlocked
      return {
        blocked: [...blocked].sort(),
        fetched,
        textRefused,
        popup: window.open('http://127.0.0.1:9/'),
        notifications: await Notification.requestPermission(),
        place: (await navigator.permissions.query({ name: 'geolocation' })).state,
      }
    })
    expect(tried).toEqual({
      blocked: ['connect-src', 'frame-src', 'require-trusted-types-for'],
      fetched: null,
      textRefused: true,
      popup: null,
      notifications: 'denied',
      place: 'denied',
    })
    await app.page.evaluate(() => {
      location.href = 'https://example.org/'
    })
    await vi.waitFor(async () => expect(await app.log()).toContain('navigation blocked'))
    expect(app.page.url()).toBe('app://carillon/desktop/index.html')
    const reloaded = await app.page.reload()
    expect(reloaded?.headers()['content-security-policy']).toBe(contentSecurityPolicy)
  })

  test('a page that is not ours gets no answer, even with our preload script', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, [nobody])
    const preload = join(import.meta.dirname, '../../dist/preload/preload.cjs')
    const answer = await app.application.evaluate(async ({ BrowserWindow }, script) => {
      // In a session of its own, where nothing keeps it from loading.
      const webPreferences = { preload: script, sandbox: true, partition: 'other' }
      const stranger = new BrowserWindow({ show: false, webPreferences })
      await stranger.loadURL('data:text/html,<p>x</p>')
      return stranger.webContents.executeJavaScript(
        'carillon.desktop.state().then(() => "answered", (error) => error.message)',
      )
    }, preload)
    expect(answer).toContain('Not allowed')
  })

  test('bad arguments are answered with a sentence', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, [nobody])
    const answers = await app.page.evaluate(() => {
      const { desktop } = (
        window as unknown as { carillon: { desktop: Record<string, (argument: unknown) => Promise<unknown>> } }
      ).carillon
      return Promise.all([desktop.follow?.('no spaces please'), desktop.follow?.({}), desktop.signIn?.({ server: 7 })])
    })
    expect(answers).toEqual([
      { ok: false, code: 'bad_request', message: 'A channel name is printable ASCII without spaces.' },
      { ok: false, code: 'bad_request', message: expect.any(String) },
      { ok: false, code: 'bad_request', message: expect.any(String) },
    ])
  })

  test('a second start with the same data only brings the first to the front', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, [nobody])
    const { stdout } = await start(session.env, [`--user-data-dir=${app.userData}`, nobody])
    expect(stdout).toContain('running already')
    expect(app.application.windows()).toHaveLength(1)
  })

  test('says what it can be asked for', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    const { stdout } = await start(session.env, ['--help', `--user-data-dir=${session.home}/data`])
    expect(stdout).toContain('--kiosk')
    for (const name of ['allow', 'notice', 'reboot-command']) expect(stdout).toContain(`--${name} `)
    expect(existsSync(join(session.home, 'data', 'logs'))).toBe(false)
  })

  test('an address that is none ends the start with 2 and a sentence', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    const ended = await start(session.env, [
      '--kiosk',
      '--server=ftp://x',
      `--user-data-dir=${session.home}/data`,
    ]).catch((error: unknown) => error)
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a server address') })
  })

  test('a page that dies is shown again', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using app = await openApp(session, ['--kiosk', '--windowed', nobody])
    await app.application.evaluate(
      ({ BrowserWindow }) =>
        new Promise<void>((loaded) => {
          const contents = BrowserWindow.getAllWindows()[0]?.webContents
          contents?.once('did-finish-load', () => loaded())
          contents?.forcefullyCrashRenderer()
        }),
    )
    await expect.poll(app.log).toContain('page died')
  })

  test('the window opens where it was closed', async () => {
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    const place = { x: 40, y: 60, width: 900, height: 600 }
    {
      await using app = await openApp(session, [nobody])
      await app.application.evaluate(
        ({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds),
        place,
      )
    }
    await using app = await openApp(session)
    const bounds = await app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())
    expect(bounds).toEqual(place)
  })
})

function start(env: Readonly<Record<string, string>>, args: readonly string[]) {
  const { executable } = resolveElectron() ?? { executable: '' }
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const folder = new URL('../..', import.meta.url).pathname
  return execute(executable, [...sandbox, folder, ...args], { env: { ...env }, timeout: 20_000 })
}
