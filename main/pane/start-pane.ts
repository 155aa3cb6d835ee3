import { hostname, release } from 'node:os'
import { join } from 'node:path'
import { app, type BrowserWindow } from 'electron'
import type { DeviceHealth } from '#protocol/device-report.ts'
import type { PinHash } from '#protocol/device-settings.ts'
import type { Conversation } from '../ipc.ts'
import { jsonFile } from '../json-file.ts'
import type { Log } from '../log.ts'
import type { ServerApi } from '../server-api.ts'
import type { SettingsStore } from '../settings.ts'
import type { Shell } from '../shell/shell.ts'
import { answerPane } from './answer-pane.ts'
import { attemptsFile, openLock } from './lock.ts'
import type { MovableKiosk } from './movable-kiosk.ts'
import { createPane, type Pane, type PaneMachine } from './pane.ts'
import { createServerSwitch } from './server-switch.ts'
import { watchInput } from './watch-input.ts'

export interface PaneParts {
  readonly window: BrowserWindow
  readonly conversation: Conversation
  readonly kiosk: MovableKiosk
  readonly shell: Pick<Shell, 'state' | 'history' | 'reload' | 'cover'>
  readonly machine: PaneMachine
  readonly store: SettingsStore
  /** The address that the kiosk was started with; null when with none. */
  readonly givenServer: string | null
  /** Between which times of each night the kiosk is begun anew; null where it is not. */
  readonly restartWindow: string | null
  readonly logFile: string
  readonly log: Log
  /** What the server has set for this screen; null when nothing. */
  pin(): PinHash | null
  health(): DeviceHealth | null
  createApi(origin: string): ServerApi
}

/** Puts the pane together, in the kiosk's window. */
export async function startPane(parts: PaneParts): Promise<Pane> {
  const { window, conversation, kiosk, shell, machine, store, givenServer, logFile, log, createApi } = parts
  const userData = app.getPath('userData')
  const lock = await openLock({
    file: jsonFile(join(userData, 'pane.json'), attemptsFile, log),
    pin: parts.pin,
    checkCode: (digits) => kiosk.current.redeemPaneCode(digits),
    log,
  })
  const changeServer = createServerSwitch({
    current: () => kiosk.server,
    check: (origin, signal) => createApi(origin).check(signal),
    use: kiosk.use,
    settled: kiosk.settled,
    keep: (origin) => store.change({ server: origin, chosen: { server: origin, given: givenServer } }),
    log,
  })
  const pane = createPane({
    ...{ lock, changeServer, machine, logFile, log },
    hasPin: () => parts.pin() !== null,
    kiosk: {
      get state() {
        return kiosk.current.state
      },
      get server() {
        return kiosk.server
      },
      api: { check: (signal) => createApi(kiosk.server).check(signal) },
      renewCredential: () => kiosk.current.renewCredential(),
      forgetCredential: () => kiosk.current.forgetCredential(),
      secrets: () => kiosk.current.secrets(),
    },
    content: shell,
    health: parts.health,
    places: { folder: join(userData, 'support') },
    about: {
      ...{ hostname: hostname(), versions: versions() },
      ...{ startedAt: Date.now(), restartWindow: parts.restartWindow },
    },
    onState(state) {
      // The content may have had the keys until now.
      if (state.phase !== 'closed' && !window.isDestroyed()) window.webContents.focus()
      conversation.tell('pane:state', state)
    },
    onNetwork: (steps) => conversation.tell('pane:network', steps),
  })
  answerPane(conversation, pane)
  const watching = watchInput(window, { asked: () => pane.open(), touched: () => pane.touched() })
  window.once('closed', () => {
    watching[Symbol.dispose]()
    pane[Symbol.dispose]()
  })
  return pane
}

function versions(): Readonly<Record<string, string>> {
  const { electron = '', chrome = '', node } = process.versions
  return {
    Carillon: app.getVersion(),
    Electron: electron,
    Chromium: chrome,
    Node: node,
    [process.platform]: `${release()} ${process.arch}`,
  }
}
