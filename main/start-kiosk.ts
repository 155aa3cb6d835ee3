import { arch, hostname, release } from 'node:os'
import { join } from 'node:path'
import { app, type BrowserWindow, powerMonitor } from 'electron'
import type { PinHash } from '#protocol/device-settings.ts'
import type { KioskState } from '#protocol/ipc.ts'
import { loadNative } from '../native/load-native.ts'
import type { Arguments } from './arguments.ts'
import { healthReader } from './commands/health.ts'
import { openMachine } from './commands/machine.ts'
import { createCredentials } from './credentials.ts'
import type { Conversation } from './ipc.ts'
import { createKiosk } from './kiosk.ts'
import { kioskFiles } from './kiosk-files.ts'
import { openKioskShell } from './kiosk-shell.ts'
import type { Log } from './log.ts'
import { createMovableKiosk } from './pane/movable-kiosk.ts'
import type { Pane } from './pane/pane.ts'
import { startPane } from './pane/start-pane.ts'
import { createServerApi } from './server-api.ts'
import type { SettingsStore } from './settings.ts'

export interface KioskParts {
  readonly window: BrowserWindow
  /** The server's origin. */
  readonly server: string
  readonly args: Arguments
  readonly store: SettingsStore
  readonly conversation: Conversation
  readonly log: Log
  restartApp(): void
  rememberServer(state: KioskState): void
}

/** Puts a kiosk together in its window: content, enrolment and commands, the pane. */
export async function startKiosk(options: KioskParts): Promise<Disposable> {
  const { window, server, args, store, conversation, log, restartApp } = options
  const { answer, tell } = conversation
  const machine = await openMachine({ reboot: args.reboot, log, restartApp })
  const native = await loadNative()
  const logFile = join(app.getPath('logs'), 'main.log')
  const shell = openKioskShell({
    ...{ window, server, args, log },
    onState: () => kiosk.current.shellChanged(),
    onView: (view) => tell('kiosk:shell', view),
  })
  const createApi = (origin: string) => createServerApi({ origin, userAgent: `carillon-kiosk/${app.getVersion()}` })
  let pin: PinHash | null = null
  let pane: Pane | null = null
  const kiosk = createMovableKiosk({
    server,
    create(origin, onState) {
      shell.use(origin)
      return createKiosk({
        api: createApi(origin),
        version: app.getVersion(),
        credentials: createCredentials({ lasting: args.credentialStorage }),
        files: kioskFiles(app.getPath('userData'), log),
        host: { shell, native, machine, logFile },
        about: {
          hostname: hostname().slice(0, 120),
          version: app.getVersion().slice(0, 64),
          platform: `${process.platform} ${release()} ${arch()}`.slice(0, 120),
        },
        log,
        onState,
        onScreen: (shown) => tell('kiosk:screen', shown),
        onSettings(settings) {
          pin = settings.pin
          pane?.kioskChanged()
        },
      })
    },
    onState(state) {
      options.rememberServer(state)
      tell('kiosk:state', state)
      shell.follow(state)
      pane?.kioskChanged()
    },
  })
  answer('kiosk:state', () => kiosk.current.state)
  answer('kiosk:shell', () => shell.view)
  answer('kiosk:acceptMemory', () => kiosk.current.acceptMemory())
  powerMonitor.on('resume', () => kiosk.current.wake())
  pane = await startPane({
    ...{ window, conversation, kiosk, shell, machine, store, logFile, log, createApi },
    givenServer: args.server,
    restartWindow: args.restartWindow,
    pin: () => pin,
    health: healthReader({ native, log, shell }),
  })
  kiosk.current.start()
  return kiosk
}
