import { type Session, session, type WebContents } from 'electron'
import type { Log } from '../log.ts'
import { isAllowedRequest, webOriginOf } from './allowed-origins.ts'

/** The name of the session of all content. */
export const contentPartition = 'persist:content'

export interface ContentSessionOptions {
  /** Whose pages may be shown, as it is now. */
  origins(): Iterable<string>
  /** The address of the one file that may be loaded: the copy of a page; null while there is none. */
  copy(): string | null
  /** What these contents were about to load turned out to be a download. */
  onDownload(contents: WebContents): void
  readonly log: Log
}

/** Where the pages of a kiosk live: apart from our own, and with nothing granted. */
export function openContentSession({ origins, copy, onDownload, log }: ContentSessionOptions): Session {
  const content = session.fromPartition(contentPartition)
  content.setPermissionRequestHandler((_contents, permission, answer) => {
    log.warn('content: permission denied', { permission })
    answer(false)
  })
  content.setPermissionCheckHandler(() => false)
  content.setDevicePermissionHandler(() => false)
  content.setDisplayMediaRequestHandler(null)
  content.on('will-download', (event, _item, contents) => {
    event.preventDefault()
    log.warn('content: download denied')
    onDownload(contents)
  })
  content.webRequest.onBeforeRequest((details, answer) => {
    const allowed = details.url === copy() || isAllowedRequest(details, origins())
    if (!allowed) log.warn('content: request blocked', { kind: details.resourceType, origin: placeOf(details.url) })
    answer({ cancel: !allowed })
  })
  content.webRequest.onHeadersReceived((details, answer) => {
    const isDocument = details.resourceType === 'mainFrame' || details.resourceType === 'subFrame'
    answer(isDocument ? { responseHeaders: confined(details.responseHeaders) } : {})
  })
  return content
}

/** Where an address leads, for a log: never the whole of it. */
export function placeOf(address: string): string {
  return webOriginOf(address) ?? (URL.canParse(address) ? new URL(address).protocol : 'none')
}

/**
 * A document with a policy of ours besides its own: without `allow-modals`, `allow-popups` and `allow-downloads` nothing
 * opens before or beside it, not even the print dialog, for which Electron has no switch.
 */
function confined(headers: Record<string, string[]> | undefined): Record<string, string[]> {
  const name = Object.keys(headers ?? {}).find((one) => one.toLowerCase() === 'content-security-policy')
  const policies = name === undefined ? [] : (headers?.[name] ?? [])
  return {
    ...headers,
    [name ?? 'Content-Security-Policy']: [...policies, 'sandbox allow-scripts allow-same-origin allow-forms'],
  }
}
