import type { ChildProgram } from './child-program.ts'

/** One call of org.freedesktop.Notifications.Notify, as it passed over the bus. */
export interface Notification {
  readonly application: string
  readonly summary: string
  readonly body: string
}

export interface NotificationWatch {
  all(): Notification[]
  waitFor(matches: (one: Notification) => boolean, timeoutMs?: number): Promise<Notification>
}

/** Reads a running `dbus-monitor`; resolves once it listens. */
export async function watchNotifications(monitor: ChildProgram): Promise<NotificationWatch> {
  await monitor.waitFor(/member=NameAcquired|member=NameLost/)
  return {
    all: () => parseNotifications(monitor.output()),
    waitFor: (matches, timeoutMs) => monitor.until((printed) => parseNotifications(printed).find(matches), timeoutMs),
  }
}

/**
 * Picks the calls out of what dbus-monitor prints. It escapes nothing, so a text is taken to end where the next
 * argument begins on a line of its own, three spaces in.
 */
function parseNotifications(printed: string): Notification[] {
  return printed
    .split(/^(?=(?:method call|method return|signal|error) time=)/m)
    .filter((message) => message.startsWith('method call') && /member=Notify$/m.test(message))
    .flatMap((message) => {
      const values = message.split(/\n(?= {3}\S)/).slice(1)
      if (!values.some((value) => value.startsWith('   int32 '))) return [] // the last argument is not here yet
      const [application, , , summary, body] = values.map((value) => /^ {3}string "(.*)"\s*$/s.exec(value)?.[1] ?? '')
      return [{ application: application ?? '', summary: summary ?? '', body: body ?? '' }]
    })
}
