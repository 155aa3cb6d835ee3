import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type ChildProgram, startChild } from './child-program.ts'
import { type Notification, watchNotifications } from './notifications.ts'

const execute = promisify(execFile)

export interface DesktopSessionOptions {
  /** Of the screen, in pixels. */
  readonly width?: number
  readonly height?: number
  /** Whether an unlocked GNOME keyring answers as the Secret Service; without it there is none at all. */
  readonly keyring?: boolean
  /** `matchbox` shows every window full-screen, as a kiosk does. */
  readonly windowManager?: 'matchbox' | 'none'
  /** Whether a notification service runs, and what it is asked to show is recorded. */
  readonly notifications?: boolean
}

/** A person's session at a screen of its own: X server, session bus and home folder, all private to one test. */
export interface DesktopSession extends AsyncDisposable {
  /** The whole environment for programs of this session; nothing of the test's own environment but PATH is in it. */
  readonly env: Readonly<Record<string, string>>
  readonly home: string
  /** What programs asked the notification service to show, oldest first. */
  notifications(): Notification[]
  /** Resolves with the first notification, past or coming, that matches; rejects after `timeoutMs`. */
  waitForNotification(matches: (one: Notification) => boolean, timeoutMs?: number): Promise<Notification>
  /** Writes a PNG of the whole screen. */
  screenshot(file: string): Promise<void>
}

export async function startDesktopSession(options: DesktopSessionOptions = {}): Promise<DesktopSession> {
  const { width = 1280, height = 800, keyring = true, windowManager = 'none', notifications = true } = options
  await using parts = new AsyncDisposableStack()
  const home = await mkdtemp(join(tmpdir(), 'carillon-session-'))
  parts.defer(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))

  const display = await startDisplay(parts, width, height)
  const env = await makeEnvironment(home, display)
  const start = (program: string, args: readonly string[], input?: string): ChildProgram =>
    parts.use(startChild(program, args, { env, cwd: home, ...(input !== undefined && { input }) }))

  await startBus(start, home, env)
  if (windowManager === 'matchbox') {
    start('matchbox-window-manager', ['-use_titlebar', 'no'])
    await waitForWindowManager(env)
  }
  if (keyring) {
    start('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], 'a password of the tests')
    await waitForName('org.freedesktop.secrets', env)
  }
  const watched = notifications ? await startNotifications(start, env) : undefined

  const opened = parts.move()
  return {
    env,
    home,
    notifications: () => watched?.all() ?? [],
    waitForNotification: (matches, timeoutMs) =>
      watched?.waitFor(matches, timeoutMs) ?? Promise.reject(new Error('this session has no notification service')),
    screenshot: async (file) => {
      await execute('import', ['-window', 'root', file], { env, timeout: 20_000 })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** The X server chooses a free display itself and says which: two sessions cannot take the same. */
async function startDisplay(parts: AsyncDisposableStack, width: number, height: number): Promise<string> {
  const screen = ['-screen', '0', `${width}x${height}x24`]
  const server = parts.use(startChild('Xvfb', ['-displayfd', '3', ...screen, '-nolisten', 'tcp', '-noreset', '-ac']))
  const [, number] = await server.waitFor(/^(\d+)\n/m)
  return `:${number}`
}

async function makeEnvironment(home: string, display: string): Promise<Record<string, string>> {
  const folders = {
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_STATE_HOME: join(home, '.local/state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_RUNTIME_DIR: join(home, 'run'),
  }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 })
  const bus = `unix:path=${join(folders.XDG_RUNTIME_DIR, 'bus')}`
  return {
    ...folders,
    HOME: home,
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    DISPLAY: display,
    DBUS_SESSION_BUS_ADDRESS: bus,
    DBUS_SYSTEM_BUS_ADDRESS: bus, // the machine's own is no business of a test
    NO_AT_BRIDGE: '1', // else GTK looks for an accessibility bus and waits for it
  }
}

type Start = (program: string, args: readonly string[], input?: string) => ChildProgram

/** A bus that starts no service on demand, so that a session without a keyring really has none. */
async function startBus(start: Start, home: string, env: Readonly<Record<string, string>>): Promise<void> {
  const config = join(home, 'bus.conf')
  await writeFile(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>${env.DBUS_SESSION_BUS_ADDRESS}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`,
  )
  await start('dbus-daemon', ['--nofork', '--print-address=3', `--config-file=${config}`]).waitFor(/unix:path=.*\n/)
}

async function startNotifications(start: Start, env: Readonly<Record<string, string>>) {
  start('dunst', [])
  await waitForName('org.freedesktop.Notifications', env)
  return watchNotifications(start('dbus-monitor', ['--session', "interface='org.freedesktop.Notifications'"]))
}

/** Resolves as soon as a service owns the name on the session's bus. */
/** Asks again and again: `xprop -spy` misses what is set while it begins to listen. */
async function waitForWindowManager(env: Readonly<Record<string, string>>): Promise<void> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const { stdout } = await execute('xprop', ['-root', '_NET_SUPPORTING_WM_CHECK'], { env, timeout: 5_000 })
    if (/window id # 0x/.test(stdout)) return
    if (Date.now() > deadline) throw new Error('no window manager took the screen')
    await pause(50)
  }
}

async function waitForName(name: string, env: Readonly<Record<string, string>>): Promise<void> {
  await execute('gdbus', ['wait', '--session', '--timeout', '15', name], { env, timeout: 20_000 }).catch(
    (cause: unknown) => {
      throw new Error(`nothing took the name ${name} on the session bus`, { cause })
    },
  )
}
