import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { handSignalsTo } from './child-signals.ts'
import { electronAdvice, resolveElectron } from './electron-path.ts'
import { keepOpen, restartCode } from './keep-open.ts'

const root = join(import.meta.dirname, '..')

/** Whether a window can be shown here. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** Builds what has changed. Throws with what to do when that fails. `output`: where what it says goes. */
export async function buildChanged(output: NodeJS.WriteStream = process.stdout): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'build/build.ts'), '--if-changed'], {
    stdio: ['inherit', output, 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error('The build failed; what it printed above says why.')
}

/** Opens the app with these arguments and variables. Null when there is no display or no Electron. */
export function openApp(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const electron = hasDisplay() ? resolveElectron() : undefined
  if (electron === undefined) return null
  // Chromium's sandbox does not work for root; an ordinary user keeps it.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const app = spawn(electron.executable, [...sandbox, root, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  app.on('error', (error) => process.stderr.write(`${electron.executable} does not start: ${error.message}\n`))
  return app
}

/**
 * Builds, opens the app and stays until it closes: `npm run desktop` and `npm run kiosk`. Opens it again when it asks for
 * that. Somebody who asks for a window wants the Electron that it needs, so it is fetched when there is none.
 */
export async function runApp(args: readonly string[]): Promise<void> {
  if (!hasDisplay()) return fail('There is no display here: set DISPLAY, or run it under xvfb-run.')
  await buildChanged()
  if (resolveElectron() === undefined) await fetchElectron()
  if (resolveElectron() === undefined) return fail(electronAdvice)
  let app: ReturnType<typeof openApp> = null
  const ended = handSignalsTo(() => [app])
  const open = () => {
    app = openApp(args, { CARILLON_RESTART_CODE: String(restartCode) })
    return app
  }
  process.exitCode = (await keepOpen(open, ended)) ?? 0
}

/** The pinned Electron, by its own installer, into node_modules. Where that fails, the advice that follows says more. */
async function fetchElectron(): Promise<void> {
  process.stderr.write('Fetching Electron, once (about 120 MB) ...\n')
  const installer = join(root, 'node_modules/electron/install.js')
  const child = spawn(process.execPath, [installer], { stdio: ['ignore', 'inherit', 'ignore'] })
  await once(child, 'exit')
}

function fail(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}
