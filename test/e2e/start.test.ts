import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { resolveElectron } from '../../build/electron-path.ts'
import { startChild } from '../support/child-program.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { freePort } from '../support/server-process.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')

describeWith(['electron', 'xvfb', 'keyring', 'xdotool'], 'npm start', () => {
  test('prints one link within a minute, opens the desktop app where there is a display, and stops cleanly', async () => {
    await using session = await startDesktopSession({ notifications: false })
    await using data = await dataFolder()
    const port = await freePort()
    const env = { ...session.env, CARILLON_ELECTRON: resolveElectron()?.executable ?? '' }
    await using started = startChild('setsid', ['npm', 'start', '--', '--port', String(port), '--data', data.path], {
      cwd: root,
      env,
    })
    const [link] = await started.waitFor(/http:\S+\/setup\?token=\S+/, 60_000)
    expect((await fetch(link)).status).toBe(200)
    expect(started.output().match(/setup\?token=/g)).toHaveLength(1)
    await vi.waitFor(async () => {
      const { stdout } = await execute('xdotool', ['search', '--onlyvisible', '--name', 'Carillon'], { env })
      expect(stdout.trim()).not.toBe('')
    }, 30_000)
    process.kill(-started.pid, 'SIGINT') // the whole process group, as Ctrl+C in a terminal does
    await started.exited
    expect(started.output()).toMatch(/"msg":"stopped"/)
    await expect(health(port)).rejects.toThrow('fetch failed')
  })

  test('ends the server also when only npm is told to end', async () => {
    await using data = await dataFolder()
    const port = await freePort()
    const env = { PATH: process.env.PATH, HOME: data.path }
    await using started = startChild('npm', ['start', '--', '--port', String(port), '--data', data.path], {
      cwd: root,
      env,
    })
    await started.waitFor(new RegExp(`http://127.0.0.1:${port}/setup`), 60_000)
    process.kill(started.pid, 'SIGTERM')
    await vi.waitFor(() => expect(health(port)).rejects.toThrow('fetch failed'), 20_000)
    await vi.waitFor(() => expect(started.output()).toMatch(/"msg":"stopped"/), 20_000)
  })

  test('without a display says where the console is, and the kiosk says what is missing', async () => {
    await using data = await dataFolder()
    const port = await freePort()
    const env = { PATH: process.env.PATH, HOME: data.path }
    await using started = startChild('setsid', ['npm', 'start', '--', '--port', String(port), '--data', data.path], {
      cwd: root,
      env,
    })
    await started.waitFor(new RegExp(`http://127.0.0.1:${port}/setup`), 60_000)
    process.kill(-started.pid, 'SIGINT')
    await started.exited

    await using kiosk = startChild('npm', ['run', 'kiosk'], { cwd: root, env })
    expect(await kiosk.exited).not.toBe(0)
    expect(kiosk.output()).toMatch(/no display/)
  })
})

function health(port: number): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/health/live`)
}

async function dataFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'carillon-start-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}
