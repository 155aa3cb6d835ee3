import { readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { _electron, type ElectronApplication } from 'playwright-core'
import { electronAdvice, resolveElectron } from '../../build/electron-path.ts'
import type { DesktopSession } from './desktop-session.ts'

export interface LaunchOptions {
  readonly session: DesktopSession
  /** The folder of an unpackaged app, or the program file of a packaged one. */
  readonly app: { readonly folder: string } | { readonly program: string }
  /** Further arguments for the app. */
  readonly args?: readonly string[]
  /** Where the app keeps its data; by default a folder in the session's home, kept between launches. */
  readonly userData?: string
  /** On top of the session's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A running app; disposing of it ends the process even when the app does not want to close. */
export interface LaunchedElectron extends AsyncDisposable {
  readonly application: ElectronApplication
  readonly pid: number
  /** Everything it has written to stdout and stderr. */
  output(): string
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>
}

const launchTimeoutMs = 30_000
const closeTimeoutMs = 5_000

export async function launchElectron(options: LaunchOptions): Promise<LaunchedElectron> {
  const { session, app, args = [], userData = join(session.home, 'user-data'), env = {} } = options
  const logs = await mkdtemp(join(session.home, 'run-'))
  const application = await _electron.launch({
    executablePath: await recording('program' in app ? app.program : electronExecutable(), logs),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), // Chromium's sandbox refuses root
      `--user-data-dir=${userData}`,
      ...('folder' in app ? [app.folder] : []),
      ...args,
    ],
    env: { ...session.env, ...env },
    cwd: session.home,
    timeout: launchTimeoutMs,
  })
  const child = application.process()
  const exited = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    application,
    pid: child.pid ?? -1,
    output: () => readFileSync(join(logs, 'output'), 'utf8'),
    kill,
    async [Symbol.asyncDispose]() {
      const killing = setTimeout(() => child.kill('SIGKILL'), closeTimeoutMs)
      await application.close().catch(() => child.kill('SIGKILL')) // it fails when the app is already gone
      await exited
      clearTimeout(killing)
    },
  }
}

function electronExecutable(): string {
  const runtime = resolveElectron()
  if (runtime === undefined) throw new Error(electronAdvice)
  return runtime.executable
}

/**
 * A program that becomes `program`, with all output also in a file: what an app writes before Playwright has attached
 * is otherwise lost.
 */
async function recording(program: string, folder: string): Promise<string> {
  const script = join(folder, 'start')
  const log = join(folder, 'output')
  await writeFile(log, '')
  await writeFile(script, `#!/bin/bash\nexec '${program}' "$@" > >(tee -a '${log}') 2> >(tee -a '${log}' >&2)\n`, {
    mode: 0o755,
  })
  return script
}
