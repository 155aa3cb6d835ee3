import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeviceCommandView } from '#protocol/device-commands.ts'
import { deviceNews, type KeptStatus } from '#protocol/device-report.ts'
import { openDesk, startApp } from '../../test/app/commanded-kiosk.ts'
import { openPassage } from '../../test/faults/passage.ts'
import { sdkClient, ticketFor } from '../../test/support/sdk-client.ts'
import { watchStandstill } from './standstill.ts'

const tickMs = 250

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
  const standstill = parts.use(watchStandstill())
  const desk = parts.use(await openDesk())
  const passage = parts.use(await openPassage(Number(new URL(desk.server.url).port)))
  const url = `http://127.0.0.1:${passage.port}`
  const args = ['--profile=low', `--server=${url}`, ...more]
  // Whoever approves it reads its code in its window; after that nothing is attached to the app any more.
  await (await desk.open(args))[Symbol.asyncDispose]()
  const app = parts.use(startApp(desk.session, { url }, args, within))
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
      // Nobody answers in time who stood still.
      if (fault !== null && !standstill.isRecent(20_000)) faults.push(`${fault}: ${message}`)
    }
    changed()
  })
  telemetry.subscribe()
  client.connect()
  await telemetry.ready(20_000)

  const lastLines = () =>
    readFileSync(join(desk.userData, 'logs/main.log'), 'utf8').trimEnd().split('\n').slice(-20).join('\n')
  const opened = parts.move()
  const kiosk = {
    desk,
    /** The way from the kiosk to its server. */
    passage,
    pid: app.pid,
    /** Every fault that the server was told of, in order, but for those of a standstill. */
    faults,
    get status(): KeptStatus | null {
      return status
    },
    /** Something that is waited for may have come about. */
    changed,
    standstill,
    /** Resolves with what `find` finds, looked for whenever there is news. Time in which all stood still does not count. */
    until<T>(what: string, find: () => T | null | false, withinMs = 30_000): Promise<T> {
      return new Promise((resolve, reject) => {
        let ticks = withinMs / tickMs
        const end = (settle: () => void) => {
          clearInterval(timer)
          listeners.delete(look)
          settle()
        }
        const look = () => {
          const found = find()
          if (found !== null && found !== false) end(() => resolve(found))
        }
        const tick = () => {
          if (--ticks > 0) return look()
          const message = `${what}: not within ${withinMs / 1000} s. ${JSON.stringify(status?.shell)}\n${lastLines()}`
          end(() => reject(new Error(message)))
        }
        const timer = setInterval(tick, tickMs)
        listeners.add(look)
        look()
      })
    },
    /** Sends a command, and waits until the kiosk has said that it is done. */
    async tell(command: string, args: object = {}): Promise<string> {
      const id = await desk.send(command, args).catch((error: unknown) => {
        if (!standstill.isRecent(5000)) throw error
        return desk.send(command, args) // the first one has not been answered in time because nothing was
      })
      const told = await kiosk
        .until(`an answer to ${command}`, () => ended(commands.get(id)))
        .catch(async (error: unknown) => ended(await desk.look(id)) ?? Promise.reject(error)) // the news may be lost
      if (told.state !== 'done') throw new Error(`${command} ended as ${told.state}: ${told.message}`)
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
