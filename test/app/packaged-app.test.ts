import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { expect, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { packageApp } from '../support/packaged-app.ts'
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
    expect(packages).toEqual([expect.stringMatching(/^@napi-rs\/keyring-linux-/), 'keytar'])
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

  test('passes the desktop scenario, without dev tools', { timeout }, async () => {
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
  })
})
