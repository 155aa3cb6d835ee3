import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { deviceCommandDetail } from '#protocol/device-commands.ts'
import { electronAdvice, resolveElectron } from '../../build/electron-path.ts'
import { type DesktopSession, startDesktopSession } from '../support/desktop-session.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { kioskState, openApp } from './open-app.ts'

/** A server, an operator, and a screen with nothing on it yet. */
export async function openDesk() {
  await using parts = new AsyncDisposableStack()
  const server = parts.use(await startServerProcess())
  const session = parts.use(
    await startDesktopSession({ windowManager: 'matchbox', width: 800, height: 480, notifications: false }),
  )
  const { token } = await signIn(server, 'ada@example.org', 'operator')
  const headers = bearer(token)
  let device = ''
  const opened = parts.move()
  const path = () => `/api/v1/devices/${device}/commands`

  const desk = {
    server,
    session,
    /** The bearer token of the operator. */
    token,
    userData: join(session.home, 'user-data'),
    /** Opens the app, and approves it the first time. */
    async open(args: readonly string[] = []) {
      const app = await openApp(session, ['--kiosk', `--server=${server.url}`, ...args])
      const state = await kioskState(app.page, ({ phase }) => phase === 'enrolling' || phase === 'enrolled')
      if (state.phase === 'enrolling') {
        await server.api('POST', `/api/v1/enrolments/${state.userCode}/approve`, { headers, body: { name: 'lobby-1' } })
      }
      const enrolled = await kioskState(app.page, (one) => one.phase === 'enrolled' && one.link.phase === 'online')
      if (enrolled.phase === 'enrolled') device = enrolled.device.id
      return app
    },
    /** Sends a command as an operator does. Answers its id. */
    async send(command: string, args: object = {}, expiresIn = 60): Promise<string> {
      const { status, body } = await server.api('POST', path(), { headers, body: { command, args, expiresIn } })
      if (status !== 202) throw new Error(`${command}: ${status} ${JSON.stringify(body)}`)
      return deviceCommandDetail.pick({ id: true }).parse(body).id
    },
    /** Publishes whatever it is on the channel of the device. */
    async publish(data: unknown): Promise<void> {
      await server.api('POST', '/api/publish', { headers, body: { channel: 'commands:lobby-1', data } })
    },
    async look(id: string) {
      return deviceCommandDetail.parse((await server.api('GET', `${path()}/${id}`, { headers })).body)
    },
    async picture(id: string): Promise<Buffer> {
      const at = `${server.url}/api/v1/devices/${device}/screenshots/${id}`
      const response = await fetch(at, { headers, signal: AbortSignal.timeout(10_000) })
      if (!response.ok) throw new Error(`no picture: ${response.status}`)
      return Buffer.from(await response.arrayBuffer())
    },
    /** As the console has it. */
    async device(): Promise<unknown> {
      return (await server.api('GET', `/api/v1/devices/${device}`, { headers })).body
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
  return desk
}

export interface StartedApp extends AsyncDisposable {
  readonly pid: number
}

/**
 * The app without anybody attached to it, as a session starts it: it may end and start itself again. Whatever has come of
 * it is killed at the end.
 */
export function startApp(
  session: DesktopSession,
  server: Pick<ServerProcess, 'url'>,
  args: readonly string[] = [],
  /** A program that becomes the one named in its last arguments; none unless given. */
  within: readonly string[] = [],
): StartedApp {
  const runtime = resolveElectron()
  if (runtime === undefined) throw new Error(electronAdvice)
  const folder = join(import.meta.dirname, '../..')
  const [program = runtime.executable, ...before] = [...within, runtime.executable]
  const child = spawn(
    program,
    [
      ...before,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${join(session.home, 'user-data')}`,
      ...[folder, '--kiosk', `--server=${server.url}`, ...args],
    ],
    { env: session.env, cwd: session.home, detached: true, stdio: 'ignore' },
  )
  return {
    pid: child.pid ?? -1,
    async [Symbol.asyncDispose]() {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL') // its process group, which what it starts belongs to
      } catch {
        // Nothing is left of it.
      }
    },
  }
}
