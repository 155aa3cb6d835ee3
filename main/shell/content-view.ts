import { type Session, type WebContents, WebContentsView } from 'electron'
import type { ShellFault } from '#protocol/device-report.ts'
import { hardenedPreferences } from '../hardened-preferences.ts'
import type { Log } from '../log.ts'
import { isAllowedPage } from './allowed-origins.ts'
import { placeOf } from './content-session.ts'
import { leadsOut } from './keys.ts'
import { loadFault } from './load-error.ts'

export interface ContentViewOptions {
  readonly session: Session
  origins(): Iterable<string>
  readonly pinchZoom: boolean
  readonly pointer: boolean
  readonly log: Log
  /** The document is there. */
  onLoaded(): void
  onTrouble(fault: ShellFault, detail: string): void
  /** It goes to another page by itself. */
  onNavigated(): void
}

/** A sandboxed view for one load of a page: no preload, no Node, no way out. Says what happens to it. */
export function createContentView(options: ContentViewOptions): WebContentsView {
  const view = new WebContentsView({
    webPreferences: {
      ...hardenedPreferences(),
      session: options.session,
      plugins: false,
      disableDialogs: true,
      // Its pickers show the files of this machine.
      disableBlinkFeatures: 'FileSystemAccessLocal',
      autoplayPolicy: 'no-user-gesture-required',
      backgroundThrottling: false,
    },
  })
  view.setBackgroundColor('#000000')
  confine(view.webContents, options)
  watch(view.webContents, options)
  return view
}

/** Closes every way out of the page. */
function confine(contents: WebContents, { origins, pinchZoom, pointer, log }: ContentViewOptions): void {
  const stay = (event: { readonly url: string; preventDefault(): void }): void => {
    // Frames that a page writes itself have no address of their own.
    if (isAllowedPage(event.url, origins()) || /^(?:about|blob|data):/.test(event.url)) return
    event.preventDefault()
    log.warn('content: navigation blocked', { origin: placeOf(event.url) })
  }
  contents.on('will-navigate', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.on('will-prevent-unload', (event) => event.preventDefault()) // which lets it go
  contents.on('select-bluetooth-device', (event, _devices, choose) => {
    event.preventDefault()
    choose('')
  })
  contents.on('context-menu', (event) => event.preventDefault())
  contents.on('before-input-event', (event, key) => {
    if (leadsOut(key)) event.preventDefault()
  })
  contents.setWindowOpenHandler(({ url }) => {
    log.warn('content: window blocked', { origin: placeOf(url) })
    return { action: 'deny' }
  })
  contents.on('dom-ready', () => {
    if (!pinchZoom) void contents.setVisualZoomLevelLimits(1, 1).catch(() => {}) // it has gone already
    if (!pointer) void contents.insertCSS('* { cursor: none !important }', { cssOrigin: 'user' }).catch(() => {})
  })
  closeFileChooser(contents, log)
}

/** Electron has no event for it: without this a page could open a dialog that shows the files of this machine. */
function closeFileChooser(contents: WebContents, log: Log): void {
  try {
    contents.debugger.attach('1.3')
    contents.debugger
      .sendCommand('Page.enable')
      .then(() => contents.debugger.sendCommand('Page.setInterceptFileChooserDialog', { enabled: true }))
      .catch((error: Error) => log.warn('content: file dialogs not closed', { error: error.message }))
  } catch (error) {
    log.warn('content: file dialogs not closed', { error: String(error) })
  }
}

/** Turns what happens to the page into what the supervisor wants to know. */
function watch(contents: WebContents, { origins, onLoaded, onTrouble, onNavigated }: ContentViewOptions): void {
  let begun = false
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (!isMainFrame || isSameDocument) return
    if (begun) onNavigated()
    begun = true
  })
  contents.on('will-redirect', (event) => {
    if (!event.isMainFrame || isAllowedPage(event.url, origins())) return
    event.preventDefault()
    onTrouble('load_failed', `It leads to ${placeOf(event.url)}, whose pages this screen may not show.`)
  })
  contents.on('did-navigate', (_event, _url, status) => {
    if (status >= 400) onTrouble('load_failed', `Its server answered ${status}.`)
  })
  contents.on('did-fail-load', (_event, code, name, _url, isMainFrame) => {
    const fault = isMainFrame ? loadFault(code, name) : null
    if (fault !== null) onTrouble(fault.fault, fault.detail)
  })
  contents.on('dom-ready', () => onLoaded())
  contents.on('unresponsive', () => onTrouble('unresponsive', ''))
  contents.on('render-process-gone', (_event, { reason }) =>
    onTrouble('renderer_gone', reason === 'oom' ? 'It ran out of memory.' : ''),
  )
}
