import { type BrowserWindow, Notification } from 'electron'
import type { Log } from './log.ts'
import { createNotices, type Notice, type Notices } from './notices.ts'

/** Native notifications; a click brings the window to the front. */
export function createNotifications(window: () => BrowserWindow | null, log: Log): Notices {
  // Kept until they are gone: a notification that was collected cannot be clicked.
  const shown = new Set<Notification>()

  function show(notice: Notice): void {
    if (!Notification.isSupported()) return
    const notification = new Notification(notice)
    shown.add(notification)
    notification.on('close', () => shown.delete(notification))
    notification.on('click', () => {
      const target = window()
      if (target?.isMinimized()) target.restore()
      target?.show()
      target?.focus()
    })
    notification.on('failed', (_event, error) => log.warn('notification failed', { error }))
    notification.show()
    log.info('notification shown')
    if (shown.size > maxKept) shown.delete(first(shown))
  }
  return createNotices({ show })
}

const maxKept = 50

function first(notifications: ReadonlySet<Notification>): Notification {
  const [oldest] = notifications
  if (oldest === undefined) throw new Error('There is none.')
  return oldest
}
