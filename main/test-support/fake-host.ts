import type { ShellState } from '#protocol/device-report.ts'
import { type Native, NativeError } from '../../native/native.ts'
import type { KioskFiles } from '../kiosk-files.ts'
import type { KioskHost } from '../kiosk-session.ts'
import { done } from '../outcome.ts'
import { memoryFile } from './memory-file.ts'

/** A screen and a machine that only write down what is asked of them. */
export interface FakeHost extends KioskHost {
  /** `show https://a.example`, `identify 15`, `display false`, `restart`, `reboot`, in order. */
  readonly asked: string[]
  state: ShellState
  /** Pages that may be shown. */
  readonly allowed: Set<string>
}

export const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

export function fakeHost(): FakeHost {
  const asked: string[] = []
  const allowed = new Set<string>()
  const since = '2026-01-01T00:00:00.000Z'
  const host: FakeHost = {
    asked,
    allowed,
    state: { phase: 'waiting', since, url: null, fault: null, message: null, restarts: 0 },
    shell: {
      get state() {
        return host.state
      },
      ...{ history: [], profile: 'usual', clockOffset: null },
      show(url) {
        if (url !== null && !allowed.has(new URL(url).origin)) {
          return { ok: false, code: 'origin_not_allowed', message: 'Not from there.' }
        }
        asked.push(`show ${url}`)
        host.state = { ...host.state, phase: url === null ? 'waiting' : 'showing', url }
        return { ok: true }
      },
      reload(fresh) {
        if (host.state.url === null) return { ok: false, code: 'nothing_shown', message: 'There is no page.' }
        asked.push(`reload ${fresh}`)
        return { ok: true }
      },
      identify: (seconds) => void asked.push(`identify ${seconds}`),
      allow(origins) {
        allowed.clear()
        for (const origin of origins) allowed.add(origin)
      },
      capture: async () => onePixel,
    },
    native: fakeNative({ setDisplayPower: (on) => void asked.push(`display ${on}`), temperature: () => 51.5 }),
    machine: {
      run: { run: 'run-1', boot: 'boot-1' },
      restartApp: () => void asked.push('restart'),
      async reboot() {
        asked.push('reboot')
        return done
      },
    },
    logFile: '/nonexistent/main.log',
  }
  return host
}

/** A machine that has nothing but this. */
export function fakeNative(parts: Partial<Native> = {}): Native {
  const nothing = (): never => {
    throw new NativeError('not_available', 'There is no such thing here.')
  }
  return {
    library: { present: false, reason: 'it is a fake' },
    ...{ temperature: nothing, throttling: nothing, board: nothing, storage: nothing, memory: nothing },
    ...{ pressure: nothing, display: nothing, setDisplayPower: nothing, setBlanking: nothing, idleSeconds: nothing },
    ...{ watchdog: nothing, openWatchdog: nothing },
    ...parts,
  }
}

/** What a kiosk remembers, in memory. */
export function memoryFiles() {
  return {
    device: memoryFile(),
    commands: memoryFile(),
    content: memoryFile(),
    settings: memoryFile(),
  } satisfies Record<keyof KioskFiles, unknown> as { [K in keyof KioskFiles]: KioskFiles[K] & { content: unknown } }
}
