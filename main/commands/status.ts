import type { DeviceHealth, DeviceStatus, ShellState } from '#protocol/device-report.ts'
import type { Log } from '../log.ts'
import { pause } from '../pause.ts'
import { failureOf } from '../stream.ts'

/** Tells the server how this device is: at once when its shell changes, and each minute. Only the newest is told. */
export interface StatusReports extends Disposable {
  /** The shell has changed. */
  changed(): void
  /** The server can be reached again. */
  online(): void
}

export interface StatusOptions {
  shell(): ShellState
  health(): DeviceHealth
  /** Rejects with `{ code, message }` as the SDK does. */
  send(status: DeviceStatus): Promise<unknown>
  readonly log: Log
  readonly times?: Partial<StatusTimes>
}

export interface StatusTimes {
  /** Milliseconds between two reports at least. */
  readonly apart: number
  /** Milliseconds between two looks at the health. */
  readonly health: number
}

export function createStatusReports(options: StatusOptions): StatusReports {
  const times = { apart: 1000, health: 60_000, ...options.times }
  const stopped = new AbortController()
  let health = options.health()
  let isNews = true
  let sending = false
  let sentAt = Number.NEGATIVE_INFINITY
  let lastFailure = ''
  const minute = setInterval(() => {
    health = options.health()
    changed()
  }, times.health)

  function changed(): void {
    isNews = true
    if (!sending) void keepSending()
  }

  async function keepSending(): Promise<void> {
    sending = true
    while (isNews && !stopped.signal.aborted) {
      await pause(Math.max(0, sentAt + times.apart - performance.now()), stopped.signal)
      if (stopped.signal.aborted) break
      sentAt = performance.now()
      isNews = false
      try {
        await options.send({ shell: options.shell(), health })
        lastFailure = ''
      } catch (error) {
        isNews = true // until the next change, minute or connection
        logFailure(error)
        break
      }
    }
    sending = false
  }

  /** Once for each reason: a kiosk may be without its server for weeks, and its disk is a memory card. */
  function logFailure(error: unknown): void {
    const { code, message } = failureOf(error)
    if (code === 0 || message === lastFailure) return
    lastFailure = message
    options.log.warn('status not told', { code, message })
  }

  return {
    changed,
    online: changed,
    [Symbol.dispose]() {
      stopped.abort()
      clearInterval(minute)
    },
  }
}
