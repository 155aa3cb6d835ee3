import {
  app,
  BrowserWindow,
  type BrowserWindowConstructorOptions,
  Menu,
  session,
  shell,
  type WebContents,
} from 'electron'
import { hardenedPreferences } from './hardened-preferences.ts'
import type { Log } from './log.ts'
import { isOwnPage, pageOrigin } from './page-files.ts'
import type { Settings } from './settings.ts'
import { contentPartition } from './shell/content-session.ts'
import { leadsOut } from './shell/keys.ts'

export type WindowKind = 'desktop' | 'kiosk'

export interface WindowOptions {
  readonly kind: WindowKind
  /** The compiled preload script. */
  readonly preload: string
  readonly log: Log
}

/**
 * What holds for every window and every page in it: nothing leaves our own pages, nothing is granted, nothing embedded.
 * Call once the app is ready, before the first window.
 */
export function hardenSession(kind: WindowKind, log: Log): void {
  const ours = session.defaultSession
  ours.setPermissionRequestHandler((_contents, permission, answer) => {
    log.warn('permission denied', { permission })
    answer(false)
  })
  ours.setPermissionCheckHandler(() => false)
  ours.setDevicePermissionHandler(() => false)
  ours.on('will-download', (event) => event.preventDefault())
  // The policy of our pages says so already; this also covers what a policy does not, such as prefetching.
  ours.webRequest.onBeforeRequest((details, answer) => {
    const allowed = isOwnPage(details.url) || (!app.isPackaged && details.url.startsWith('devtools://'))
    if (!allowed) log.warn('request blocked', { scheme: schemeOf(details.url) })
    answer({ cancel: !allowed })
  })
  app.on('web-contents-created', (_event, contents) => {
    // A kiosk's shell confines what it shows by rules of its own.
    const isContent = kind === 'kiosk' && contents.session === session.fromPartition(contentPartition)
    if (!isContent) confine(contents, kind, log)
  })
}

function confine(contents: WebContents, kind: WindowKind, log: Log): void {
  const stay = (event: Electron.Event, url: string) => {
    event.preventDefault()
    log.warn('navigation blocked', { scheme: schemeOf(url) })
  }
  contents.on('will-navigate', (event) => stay(event, event.url))
  contents.on('will-redirect', (event) => stay(event, event.url))
  contents.on('will-frame-navigate', (event) => stay(event, event.url))
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    // A link that a person clicked opens in their browser; a kiosk has neither.
    if (kind === 'desktop' && url.startsWith('https://')) void openOutside(url, log)
    else log.warn('window blocked', { scheme: schemeOf(url) })
    return { action: 'deny' }
  })
}

/** Opens a web address in the person's browser, and nothing else: other schemes start other programs. */
export async function openOutside(url: string, log: Log): Promise<void> {
  const scheme = schemeOf(url)
  log.info('opened outside', { scheme })
  if (scheme === 'https:' || scheme === 'http:') await shell.openExternal(url)
}

export function openDesktopWindow(options: WindowOptions, bounds: Settings['bounds']): BrowserWindow {
  const first = process.platform === 'darwin' ? 'appMenu' : 'fileMenu'
  Menu.setApplicationMenu(Menu.buildFromTemplate([{ role: first }, { role: 'editMenu' }]))
  const { maximized = false, ...place } = bounds ?? { width: 1100, height: 760 }
  const window = new BrowserWindow({
    ...common(options),
    ...place,
    minWidth: 480,
    minHeight: 400,
    title: 'Carillon',
  })
  if (maximized) window.maximize()
  show(window, options)
  return window
}

/** Full screen, and nothing that leads out of it. `windowed` is for trying it out at a desk. */
export function openKioskWindow(options: WindowOptions, windowed: boolean): BrowserWindow {
  Menu.setApplicationMenu(null)
  const window = new BrowserWindow({
    ...common(options),
    title: 'Carillon kiosk',
    backgroundColor: '#000000',
    autoHideMenuBar: true,
    ...(windowed ? { width: 800, height: 480 } : { kiosk: true, fullscreen: true, frame: false }),
  })
  const { webContents } = window
  webContents.on('context-menu', (event) => event.preventDefault())
  webContents.on('before-input-event', (event, key) => {
    if (!windowed && leadsOut(key)) event.preventDefault()
  })
  webContents.on('did-finish-load', () => void webContents.setVisualZoomLevelLimits(1, 1))
  if (!windowed) keepOpen(window)
  show(window, options)
  return window
}

/** Only the app closes its window. A window manager has a key for it, and nobody is there to open it again. */
function keepOpen(window: BrowserWindow): void {
  let quitting = false
  app.once('before-quit', () => {
    quitting = true
  })
  window.on('close', (event) => {
    if (!quitting) event.preventDefault()
  })
}

function common({ kind, preload }: WindowOptions): BrowserWindowConstructorOptions {
  return {
    show: false,
    webPreferences: {
      ...hardenedPreferences(),
      preload,
      additionalArguments: [`--carillon-window=${kind}`],
      safeDialogs: true,
      // A kiosk whose screen is off goes on all the same.
      backgroundThrottling: kind !== 'kiosk',
    },
  }
}

/** A window is shown by then, whether or not there is something to see. */
const showAtLatestMs = 10_000

/** Loads the page, shows the window once there is something to see, and brings a page back that has died. */
function show(window: BrowserWindow, { kind, log }: WindowOptions): void {
  const { webContents } = window
  const load = () =>
    window.loadURL(`${pageOrigin}/${kind}/index.html`).catch((error: Error) => {
      if (!window.isDestroyed()) log.error('page not loaded', { error: error.message })
    })
  const present = (drawn: boolean) => {
    clearTimeout(late)
    if (window.isDestroyed() || window.isVisible()) return
    window.show()
    log.info('window shown', { kind, drawn })
  }
  // Should the first picture never come, a page that lies over ours is seen all the same.
  const late = setTimeout(() => present(false), showAtLatestMs)
  window.once('ready-to-show', () => present(true))
  webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log.error('page died', { reason, exitCode })
    if (reason !== 'clean-exit') setTimeout(() => window.isDestroyed() || void load(), 1000)
  })
  webContents.on('unresponsive', () => {
    log.error('page does not respond')
    if (kind === 'kiosk') webContents.forcefullyCrashRenderer()
  })
  webContents.on('preload-error', (_event, path, error) => log.error('preload failed', { path, error: error.message }))
  void load()
}

/** Where a window is, to be put there again. */
export function boundsOf(window: BrowserWindow): NonNullable<Settings['bounds']> {
  return { ...window.getNormalBounds(), maximized: window.isMaximized() }
}

function schemeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : 'none'
}
