import { access, chmod, chown, readdir, readFile, readlink } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { expect, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { packageApp } from '../support/packaged-app.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openApp } from './open-app.ts'
import { signInOnce } from './sign-in-once.ts'

/** Packaging takes seconds, and a minute where the machine is busy. */
const timeout = 240_000
const off = '0'.charCodeAt(0)
const on = '1'.charCodeAt(0)

describeWith(['electron', 'xvfb', 'keyring', 'notifications'], 'the packaged app', () => {
  test('as shipped, holds the app and nothing of the server, with its fuses set and no way in for an inspector', {
    timeout,
  }, async () => {
    await using app = await packageApp({ attachable: false })

    const files = listPackage(join(app.folder, 'resources/app.asar'), { isPack: false })
    const packages = files.flatMap((file) => /^\/node_modules\/((?:@[^/]+\/)?[^/@]+)$/.exec(file)?.[1] ?? [])
    expect(packages).toEqual([
      expect.stringMatching(/^@napi-rs\/keyring-linux-/),
      expect.stringMatching(/^@yuuang\/ffi-rs-linux-/),
      'ffi-rs',
      'keytar',
    ])
    const tops = new Set(files.flatMap((file) => /^\/(?:dist\/(?:renderer\/)?)?[^/]+$/.exec(file)?.[0] ?? []))
    expect([...tops].sort()).toEqual([
      '/dist',
      '/dist/main',
      '/dist/preload',
      '/dist/renderer',
      '/dist/renderer/desktop',
      '/dist/renderer/kiosk',
      '/node_modules',
      '/package.json',
    ])
    await expect(access(join(app.folder, 'resources/default_app.asar'))).rejects.toThrow('ENOENT')

    expect(await getCurrentFuseWire(app.program)).toMatchObject({
      [FuseV1Options.RunAsNode]: off,
      [FuseV1Options.EnableCookieEncryption]: on,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: off,
      [FuseV1Options.EnableNodeCliInspectArguments]: off,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: on,
      [FuseV1Options.OnlyLoadAppFromAsar]: on,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: off,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: off,
    })

    await using session = await startDesktopSession()
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    await using running = startChild(app.program, [...sandbox, '--inspect=0'], { env: session.env, cwd: session.home })
    await running.waitFor(/window shown/)
    expect(running.output()).not.toContain('Debugger listening')
  })

  test('passes the desktop scenario, without dev tools, and calls the library that came with it', {
    timeout,
  }, async () => {
    await using app = await packageApp({ attachable: true })
    await signInOnce((session, args) => openApp(session, args, app))

    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await using opened = await openApp(session, [], app)
    const tools = await opened.application.evaluate(({ app: itself, BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents
      contents?.openDevTools()
      return { packaged: itself.isPackaged, open: contents?.isDevToolsOpened() }
    })
    expect(tools).toEqual({ packaged: true, open: false })
    const answers = { memory: 0, total: totalmem(), display: 0, on: 1 }
    expect(await opened.application.evaluate(callNativeLibrary)).toEqual(answers)
    expect(await opened.application.evaluate(callNativeLibrary)).toEqual(answers)
  })

  // Whoever is not root has run the others inside it.
  if (process.getuid?.() !== 0) return
  test('an ordinary user starts it inside the sandbox of Chromium', { timeout }, async () => {
    await using app = await packageApp({ attachable: false })
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    const home = temporaryFolder()
    const nobody = 65_534
    await chown(home, nobody, nobody)
    await chmod(dirname(app.folder), 0o755)
    const asNobody = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', app.program]
    const env = { PATH: session.env.PATH, DISPLAY: session.env.DISPLAY, HOME: home, XDG_CONFIG_HOME: home }
    await using running = startChild('setpriv', asNobody, { env, cwd: home })
    await running.waitFor(/window shown/)
    // A renderer in the sandbox sees a process list of its own, in which it is one of the first.
    const renderer = await rendererOf(running.pid)
    expect(await namespaceOf(renderer)).not.toBe(await namespaceOf(running.pid))
  })
})

/** The process id of the app's first window. */
async function rendererOf(browser: number): Promise<number> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')
    if (command.includes('--type=renderer') && (await descendsFrom(Number(entry), browser))) return Number(entry)
  }
  throw new Error('no window')
}

async function descendsFrom(pid: number, ancestor: number): Promise<boolean> {
  for (let current = pid; current > 1; ) {
    if (current === ancestor) return true
    const status = await readFile(`/proc/${current}/status`, 'utf8').catch(() => '')
    current = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0)
  }
  return false
}

function namespaceOf(pid: number): Promise<string> {
  return readlink(`/proc/${pid}/ns/pid`)
}

/**
 * Runs in the main process: C fills buffers of Electron's, which keeps them apart from its heap, and asks the X server
 * beside the toolkit that draws the windows.
 */
function callNativeLibrary(): { memory: number; total: number; display: number; on: number } {
  const resources: string = Reflect.get(process, 'resourcesPath')
  const { createRequire } = process.getBuiltinModule('node:module')
  const ffi: typeof import('ffi-rs') = createRequire(`${resources}/app.asar/package.json`)('ffi-rs')
  ffi.open({ library: 'carillon', path: `${resources}/libcarillon.so` })
  const answer = Buffer.alloc(16)
  const call = (funcName: string): number =>
    ffi.load({
      library: 'carillon',
      funcName,
      retType: 1, // an I32
      paramsType: [0, 10], // a text and bytes
      paramsValue: ['', answer],
    })
  const memory = call('carillon_memory')
  const total = Number(answer.readBigInt64LE(0))
  const display = call('carillon_display')
  return { memory, total, display, on: answer.readInt32LE(0) }
}
