import { commandsChannel } from '#protocol/channel.ts'
import type { FeedEvent, KioskState } from '#protocol/ipc.ts'
import { type Screen, showCommand } from '#protocol/screen.ts'
import type { Native } from '../native/native.ts'
import { carryOut } from './commands/carry-out.ts'
import { openCommands } from './commands/commands.ts'
import { openContentOfDevice } from './commands/content.ts'
import { isSettingsNotice, openSettingsOfDevice } from './commands/device-settings.ts'
import { diagnose } from './commands/diagnostics.ts'
import { healthReader } from './commands/health.ts'
import type { Machine } from './commands/machine.ts'
import { createStatusReports } from './commands/status.ts'
import type { Followed } from './feed.ts'
import type { HeldCredential } from './held-credential.ts'
import type { KioskOptions } from './kiosk.ts'
import type { KioskEvent } from './kiosk-state.ts'
import { isFinal } from './own-tasks.ts'
import type { ServerError } from './server-error.ts'
import { openSession } from './session.ts'
import type { DeviceCache } from './settings.ts'
import type { Shell, ShellAnswer } from './shell/shell.ts'

/** What an enrolled kiosk does while its credential holds: listens, shows, carries out, and says how it is. */
export interface KioskSession extends AsyncDisposable {
  /** The machine woke up. */
  wake(): void
  /** The content has changed. */
  shellChanged(): void
}

/** The screen and the machine of a kiosk. */
export interface KioskHost {
  readonly shell: Pick<
    Shell,
    'state' | 'history' | 'profile' | 'clockOffset' | 'show' | 'reload' | 'identify' | 'allow' | 'capture'
  >
  readonly native: Native
  readonly machine: Machine
  /** What the app writes to its log. */
  readonly logFile: string
}

export interface KioskSessionOptions
  extends Pick<KioskOptions, 'api' | 'version' | 'log' | 'times' | 'files' | 'host' | 'onScreen' | 'onSettings'> {
  readonly held: HeldCredential
  readonly device: Pick<DeviceCache, 'id' | 'name'>
  dispatch(event: KioskEvent): void
  state(): KioskState
  /** The server has given the device another name. */
  onRenamed(device: Pick<DeviceCache, 'id' | 'name'>): Promise<void>
  onRejected(error: ServerError): void
}

/** How far back a kiosk looks for what it was sent while it was not listening, in publications: what a server gives at once. */
const pastPublications = 300

export async function openKioskSession(options: KioskSessionOptions): Promise<KioskSession> {
  const { api, log, held, files, host, dispatch } = options
  const { shell, native, machine } = host
  const { id } = options.device
  const token = () => held.current.token
  const health = healthReader({ native, log, shell })
  let current = options.device
  let isOpen = true
  /** Whether the past has been read, and whether something newer than all of it was to be shown. */
  let isPastRead = false
  let isShown = false

  const settings = await openSettingsOfDevice({
    ...{ device: id, file: files.settings, log },
    fetch: () => api.deviceSettings(token()),
    onSettings(told) {
      shell.allow(told.allowedOrigins)
      options.onSettings(told)
    },
  })
  const content = await openContentOfDevice({ device: id, file: files.content, shell, log })
  const commands = await openCommands({
    ...{ device: id, file: files.commands, run: machine.run, log },
    name: () => current.name,
    now: () => Date.now() + (shell.clockOffset ?? 0) * 1000,
    send: (result) => session.link.rpc('device.result', result),
    carryOut: (command, signal) =>
      carryOut(
        command,
        {
          ...{ shell, native, machine },
          isForgetful: () => held.current.storage === 'memory',
          async show(screen) {
            const answer = show(screen)
            if (answer.ok) return answer
            const before = options.state()
            await settings.settled() // its origin may have been allowed just now
            return isSameScreen(before, options.state()) ? show(screen) : answer
          },
          upload: (commandId, png, until) => api.sendScreenshot(token(), commandId, png, until),
          diagnose: () =>
            diagnose({
              ...{ shell, state: options.state(), health: health(), version: options.version },
              ...{ logFile: host.logFile, secrets: [token()] },
            }),
        },
        signal,
      ),
  })
  const session = openSession({
    ...{ api, token, name: 'kiosk', version: options.version, log },
    ...(options.times === undefined ? {} : { times: options.times }),
    onLink(link) {
      dispatch({ type: 'link', link })
      if (link.phase !== 'online') return
      void readPast()
      void refresh()
      void settings.refresh()
      void held.report()
      commands.online()
      reports.online()
    },
    onEvent: receive,
    onTasks: ({ tasks }) =>
      dispatch({ type: 'tasks', tasks: tasks.map(({ task }) => task).filter((task) => !isFinal(task)) }),
    onTrouble: () => {}, // logged; what is newest has arrived or will
    onRotate: () => void held.renew(),
    onRejected: options.onRejected,
  })
  const reports = createStatusReports({
    shell: () => ({ ...shell.state, isCovered: isMessageOn(options.state()) }),
    ...{ health, log },
    send: (status) => session.link.rpc('device.report', status),
  })
  let followed: Followed = session.feed.follow(commandsChannel(current.name))
  const { storage } = held.current
  dispatch({ type: 'enrolled', server: api.origin, device: current, storage, link: session.link.state })
  const before = content.restore()
  if (before !== null) dispatch({ type: 'restore', screen: before })

  /** Takes what was sent to this device while it was not listening. What is newest is shown. */
  async function readPast(): Promise<void> {
    if (isPastRead || (await followed.decided) !== null) return
    try {
      const past = (await followed.past(pastPublications)).toReversed()
      if (!isOpen || isPastRead) return
      isPastRead = true
      let newest: Screen | null = null
      for (const { data } of past) {
        const screen = screenOf(data, Date.now())
        if (screen !== null) {
          newest = screen
          // What waits may have arrived since, and is newer then.
          if (!isShown) commands.overtake()
        } else if (commands.take(data, isShown ? 'overtaken' : 'past') === 'known' && isShow(data)) {
          newest = null // what was shown for it was kept
        }
      }
      if (newest !== null && !isShown) showMessage(newest)
    } catch (error) {
      log.warn('past not read', { error: error instanceof Error ? error.message : JSON.stringify(error) })
    }
  }

  function receive({ data, offset, receivedAt }: FeedEvent): void {
    if (isSettingsNotice(data)) return void settings.refresh()
    const taken = commands.take(data)
    if (taken === 'taken' && isShow(data)) isShown = true
    if (taken !== 'other') return
    const screen = screenOf(data, receivedAt ?? Date.now())
    if (screen === null) {
      log.warn('command ignored', { offset })
      return
    }
    commands.overtake()
    isShown = true
    showMessage(screen)
    options.onScreen({ offset, screen })
  }

  /** Nobody waits for a result: that an address is refused is said on the screen. */
  function showMessage(screen: Screen): void {
    if (show(screen).ok) return
    content.keep(screen)
    dispatch({ type: 'show', screen })
  }

  function show(screen: Screen): ShellAnswer {
    const answer = content.show(screen)
    if (!answer.ok) return answer
    dispatch({ type: 'show', screen })
    reports.changed()
    return answer
  }

  /** The server may have renamed this device, and with it its channel. */
  async function refresh(): Promise<void> {
    const me = await api.me(token()).catch((error: Error) => {
      log.warn('device not had', { error: error.message })
      return null
    })
    if (!isOpen || !me?.device) return
    session.tasks.belongTo(me.id)
    const { id, name, rotate } = me.device
    if (rotate) void held.renew()
    if (id === current.id && name === current.name) return
    session.feed.unfollow(commandsChannel(current.name))
    current = { id, name }
    followed = session.feed.follow(commandsChannel(name))
    dispatch({ type: 'renamed', device: current })
    await options.onRenamed(current)
  }

  return {
    wake: () => session.link.wake(),
    shellChanged: () => reports.changed(),
    async [Symbol.asyncDispose]() {
      isOpen = false
      reports[Symbol.dispose]()
      session[Symbol.dispose]()
      await commands[Symbol.asyncDispose]()
      await content.saved()
    },
  }
}

/** What a message that is no command makes of the screen; null when it is none that we know. */
export function screenOf(data: unknown, receivedAt: number): Screen | null {
  const parsed = showCommand.safeParse(data)
  if (!parsed.success) return null
  const { show } = parsed.data
  if (show === null) return { kind: 'waiting' }
  if ('url' in show) return { kind: 'page', url: show.url, receivedAt }
  const { title, message } = show
  return { kind: 'message', ...(title === undefined ? {} : { title }), message, receivedAt }
}

/** Whether nothing was shown in between. */
function isSameScreen(before: KioskState, now: KioskState): boolean {
  return before.phase === 'enrolled' && now.phase === 'enrolled' && before.screen === now.screen
}

function isMessageOn(state: KioskState): boolean {
  return state.phase === 'enrolled' && state.screen.kind === 'message'
}

function isShow(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'command' in data && data.command === 'show'
}
