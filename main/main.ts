import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app, type BrowserWindow, dialog, nativeTheme, powerMonitor } from 'electron'
import type { DesktopState, KioskState } from '#protocol/ipc.ts'
import { answeringServer } from './answering-server.ts'
import { createAppLog } from './app-log.ts'
import { declareAppScheme, serveApp } from './app-protocol.ts'
import { argumentsToRepeat, readArguments } from './arguments.ts'
import { createCredentials } from './credentials.ts'
import { createDesktop } from './desktop.ts'
import { help } from './help.ts'
import { type Conversation, createConversation } from './ipc.ts'
import { jsonFile } from './json-file.ts'
import { prepareKiosk } from './kiosk-shell.ts'
import { createNotifications } from './notifications.ts'
import { done } from './outcome.ts'
import { defaultServer, serverOrigin } from './server-address.ts'
import { createServerApi } from './server-api.ts'
import { accountCache, openSettings, type Settings, type SettingsStore } from './settings.ts'
import { startKiosk } from './start-kiosk.ts'
import {
  boundsOf,
  hardenSession,
  openDesktopWindow,
  openKioskWindow,
  openOutside,
  type WindowOptions,
} from './windows.ts'

/** The app's entry: one instance for each data folder, a desktop or a kiosk. */

const args = readArguments(process.argv.slice(1), process.env)
if (args.help) {
  process.stdout.write(help)
  process.exit()
}
// Who starts it with --no-sandbox (root has to) means it; asking for both ends every child process.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
if (args.mode === 'kiosk') prepareKiosk(args)
declareAppScheme()
app.setAppUserModelId('io.carillon.app') // without it Windows shows no notifications; electron-builder's appId
// A kiosk and a desktop on one machine are two programs, each with a folder and an instance of its own.
const userData = args.userDataDir ?? (args.mode === 'kiosk' ? `${app.getPath('userData')}-kiosk` : null)
if (userData !== null) app.setPath('userData', userData)
// What Chromium keeps of pages lies elsewhere where writing wears: in memory on the kiosk image.
const sessionData = app.commandLine.getSwitchValue('session-data-dir')
if (sessionData !== '') app.setPath('sessionData', sessionData)
app.setAppLogsPath(join(app.getPath('userData'), 'logs'))
const log = createAppLog(app.getPath('logs'))

process.on('unhandledRejection', (reason) => log.error('unhandled rejection', { error: describe(reason) }))
process.on('uncaughtException', (error) => {
  log.error('crash', { error: describe(error) })
  if (args.mode === 'kiosk') relaunch() // nobody is there to do it
  app.exit(endCode === 0 ? 1 : endCode)
})

/** `dist/`, or the same inside a packaged app. */
const dist = dirname(dirname(fileURLToPath(import.meta.url)))
let window: BrowserWindow | null = null
/** Tells whoever started the app whether to open it again. */
let endCode = 0

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.show()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  void app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      log.error('start failed', { error: describe(error) })
      app.exit(1)
    })
} else {
  log.info('running already', { mode: args.mode })
  app.quit()
}

async function start(): Promise<void> {
  const store = await openSettings(join(app.getPath('userData'), 'settings.json'), log)
  const server = chosenServer(store.value)
  if (server === null) return app.exit(2)
  log.info('started', { mode: args.mode, version: app.getVersion(), electron: process.versions.electron ?? '', server })
  // A screen on a wall is dark; without this a system that has no opinion, as a kiosk's, counts as light.
  if (args.mode === 'kiosk') nativeTheme.themeSource = 'dark'
  hardenSession(args.mode, log)
  serveApp(join(dist, 'renderer'))
  const conversation = createConversation(() => window, log)
  const running =
    args.mode === 'kiosk' ? await openKiosk(server, store, conversation) : startDesktop(server, store, conversation)
  window?.on('closed', () => {
    window = null
  })
  endWith(running, store)
}

/**
 * The address that somebody chose at the screen, unless another was given since; the one given now, else the one of last
 * time, else the default. Null when the one given is none.
 */
function chosenServer({ chosen, server }: Settings): string | null {
  if (args.mode === 'kiosk' && chosen !== null && chosen.given === args.server) return chosen.server
  try {
    return serverOrigin(args.server ?? server ?? defaultServer)
  } catch (error) {
    log.error('bad address', { error: error instanceof Error ? error.message : String(error) })
    return null
  }
}

/** Ends what runs, and the app once the settings are on disk. */
function endWith(running: Disposable, store: SettingsStore): void {
  let ended = false
  app.on('will-quit', (event) => {
    if (ended) return
    ended = true
    event.preventDefault()
    running[Symbol.dispose]()
    void store.saved().finally(() => {
      log.info('stopped')
      // Not inside this very event: a quit that comes while one is being prevented is lost.
      setImmediate(() => (endCode === 0 ? app.quit() : app.exit(endCode)))
    })
  })
}

function startDesktop(server: string, store: SettingsStore, { answer, tell }: Conversation): Disposable {
  const notifications = createNotifications(() => window, log)
  const desktop = createDesktop({
    server,
    version: app.getVersion(),
    credentials: createCredentials(),
    account: jsonFile(join(app.getPath('userData'), 'account.json'), accountCache, log),
    log,
    createApi: (origin) => createServerApi({ origin, userAgent: `carillon-desktop/${app.getVersion()}` }),
    rememberServer: (origin) => store.change({ server: origin }),
    onState(state) {
      rememberServer(state, store)
      tell('desktop:state', state)
    },
    onEvent(event) {
      tell('desktop:event', event)
      if (window?.isFocused() !== true) notifications.add(event)
    },
    onEarlier: (events) => tell('desktop:earlier', events),
    onTasks: (tasks) => tell('desktop:tasks', tasks),
    async choosePlace(name) {
      const defaultPath = join(app.getPath('downloads'), basename(name))
      const { canceled, filePath } = await (window === null
        ? dialog.showSaveDialog({ defaultPath })
        : dialog.showSaveDialog(window, { defaultPath }))
      return canceled || filePath === '' ? null : filePath
    },
  })
  answer('desktop:state', () => desktop.state)
  answer('desktop:events', () => desktop.events)
  answer('desktop:signIn', (request) => desktop.signIn(request))
  answer('desktop:signOut', () => desktop.signOut())
  answer('desktop:follow', (channel) => desktop.follow(channel))
  answer('desktop:unfollow', (channel) => desktop.unfollow(channel))
  answer('desktop:tasks', () => desktop.tasks)
  answer('desktop:submitTask', (name, args) => desktop.submitTask(name, args))
  answer('desktop:cancelTask', (id) => desktop.cancelTask(id))
  answer('desktop:retryTask', (id) => desktop.retryTask(id))
  answer('desktop:saveTaskFile', (id, name) => desktop.saveTaskFile(id, name))
  answer('desktop:openConsole', async () => {
    await openOutside(`${desktop.state.phase === 'starting' ? server : desktop.state.server}/`, log)
    return done
  })
  powerMonitor.on('resume', () => desktop.wake())
  const opened = openDesktopWindow(windowOptions('desktop'), store.value.bounds)
  opened.on('close', () => store.change({ bounds: boundsOf(opened) }))
  window = opened
  void desktop.start()
  return {
    [Symbol.dispose]() {
      notifications[Symbol.dispose]()
      desktop[Symbol.dispose]()
    },
  }
}

function openKiosk(server: string, store: SettingsStore, conversation: Conversation): Promise<Disposable> {
  const opened = openKioskWindow(windowOptions('kiosk'), args.windowed)
  window = opened
  return startKiosk({
    ...{ window: opened, server, args, store, conversation, log, restartApp },
    rememberServer: (state) => rememberServer(state, store),
  })
}

/** Ends this run and begins another, with the same arguments. */
function restartApp(): void {
  log.info('restarting')
  relaunch()
  app.quit()
  setTimeout(() => app.exit(endCode), 10_000).unref()
}

/**
 * Whoever watches the heartbeat starts the app again as well, and two of them would be one too many. A launcher that
 * knows the exit code does it where the app was: in its terminal.
 */
function relaunch(): void {
  if (args.restartCode !== null) endCode = args.restartCode
  else if (args.heartbeat === null) app.relaunch({ args: argumentsToRepeat(process.argv.slice(1)) })
}

function rememberServer(state: DesktopState | KioskState, store: SettingsStore): void {
  const server = answeringServer(state)
  if (server !== null && server !== store.value.server) store.change({ server })
}

function windowOptions(kind: WindowOptions['kind']): WindowOptions {
  return { kind, preload: join(dist, 'preload', 'preload.cjs'), log }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
