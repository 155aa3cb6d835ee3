import type { DeviceCommandView } from '#protocol/device-commands.ts'
import { deviceNews, type KeptStatus } from '#protocol/device-report.ts'
import { openDesk, startApp } from '../../test/app/commanded-kiosk.ts'
import { sdkClient, ticketFor } from '../../test/support/sdk-client.ts'

export interface KioskOptions {
  /** Of the app, besides those that every kiosk here has. */
  readonly args: readonly string[]
  /** Put before the app, it holds the app to some memory; see limit-group.ts. */
  readonly within: readonly string[]
}

/** An approved kiosk on a screen of its own with nothing attached to it, and what its server knows of it. */
export type Kiosk = Awaited<ReturnType<typeof openKiosk>>

export async function openKiosk({ args: more, within }: KioskOptions) {
  await using parts = new AsyncDisposableStack()
  const desk = parts.use(await openDesk())
  const args = ['--profile=low', ...more]
  // Whoever approves it reads its code in its window; after that nothing is attached to the app any more.
  await (await desk.open(args))[Symbol.asyncDispose]()
  const app = parts.use(startApp(desk.session, desk.server, args, within))
  const { client } = parts.use(sdkClient(desk.server, { getToken: ticketFor(desk.server, desk.token) }))
  const commands = new Map<string, DeviceCommandView>()
  const listeners = new Set<() => void>()
  let status: KeptStatus | null = null
  const faults: string[] = []
  const changed = () => {
    for (const listener of listeners) listener()
  }
  const telemetry = client.newSubscription('telemetry:lobby-1')
  telemetry.on('publication', ({ data, info }) => {
    if (info !== undefined) return // somebody else's
    const news = deviceNews.parse(data)
    if (news.type === 'command') commands.set(news.command.id, news.command)
    else {
      status = news.status
      const { fault, message } = status.shell
      if (fault !== null) faults.push(`${fault}: ${message}`)
    }
    changed()
  })
  telemetry.subscribe()
  client.connect()
  await telemetry.ready(20_000)

  const opened = parts.move()
  const kiosk = {
    desk,
    pid: app.pid,
    /** Every fault that the server was told of, in order. */
    faults,
    get status(): KeptStatus | null {
      return status
    },
    /** Something that is waited for may have come about. */
    changed,
    /** Resolves with what `find` finds, looked for whenever there is news. */
    until<T>(what: string, find: () => T | null | false, withinMs = 30_000): Promise<T> {
      return new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer)
          listeners.delete(look)
          settle()
        }
        const look = () => {
          const found = find()
          if (found !== null && found !== false) end(() => resolve(found))
        }
        const timer = setTimeout(
          () => end(() => reject(new Error(`${what}: not within ${withinMs / 1000} s. ${JSON.stringify(status)}`))),
          withinMs,
        )
        listeners.add(look)
        look()
      })
    },
    /** Sends a command, and waits until the kiosk has said that it is done. */
    async tell(command: string, args: object = {}): Promise<string> {
      const id = await desk.send(command, args)
      const { state, message } = await kiosk.until(`an answer to ${command}`, () => ended(commands.get(id)))
      if (state !== 'done') throw new Error(`${command} ended as ${state}: ${message}`)
      commands.delete(id)
      return id
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
  await kiosk.until('the kiosk with its server', () => status !== null, 60_000)
  return kiosk
}

function ended(command: DeviceCommandView | undefined): DeviceCommandView | null {
  return command === undefined || command.state === 'sent' ? null : command
}
