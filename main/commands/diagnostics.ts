import { arch, freemem, hostname, loadavg, release, totalmem } from 'node:os'
import type { DeviceHealth } from '#protocol/device-report.ts'
import type { KioskState } from '#protocol/ipc.ts'
import { readTail } from '../pane/log-tail.ts'
import { maskText, maskValue } from '../pane/mask.ts'
import type { Shell } from '../shell/shell.ts'

export interface DiagnosticsOptions {
  readonly shell: Pick<Shell, 'state' | 'history'>
  readonly state: KioskState
  readonly health: DeviceHealth
  /** Of the app. */
  readonly version: string
  readonly logFile: string
  /** What must not get out. */
  readonly secrets: readonly string[]
}

/** What a frame of the socket takes, in characters of JSON; the oldest lines of the log make room. */
export const maxDiagnostics = 32_000
const maxLogBytes = 24_000

/** What somebody far away needs to find out what is wrong with a device. Secrets are masked. */
export async function diagnose(options: DiagnosticsOptions) {
  const { shell, state, health, version, secrets } = options
  const facts = {
    at: new Date().toISOString(),
    versions: { app: version, ...pick(process.versions, ['electron', 'chrome', 'node']) },
    system: {
      ...{ hostname: hostname(), platform: process.platform, release: release(), arch: arch() },
      ...{ load: loadavg().map((value) => Math.round(value * 100) / 100), memory: totalmem(), free: freemem() },
    },
    app: { seconds: Math.round(process.uptime()), ...usage() },
    kiosk: describe(state),
    shell: shell.state,
    history: shell.history.map(({ at, ...record }) => ({ at: new Date(at).toISOString(), ...record })),
    health,
  }
  const lines = await readTail(options.logFile, maxLogBytes).catch((error: Error) => [`not read: ${error.message}`])
  const log = lines.map((line) => maskText(line, secrets))
  const safe = JSON.parse(JSON.stringify(maskValue(facts, secrets))) // JSON, and nothing else
  while (log.length > 0 && JSON.stringify({ ...safe, log }).length > maxDiagnostics) log.shift()
  return { ...safe, log }
}

/** What the main process uses, in bytes, and how many of what it waits for: what only ever grows is a leak. */
function usage() {
  const { rss: memory, heapUsed: heap } = process.memoryUsage()
  return { memory, heap, waitsFor: countBy(process.getActiveResourcesInfo()) }
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Not what is on the screen: that is nobody's business here. */
function describe(state: KioskState) {
  if (state.phase !== 'enrolled') return { phase: state.phase }
  const { phase, server, device, storage, link, screen } = state
  return { phase, server, device, storage, link, screen: screen.kind }
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Partial<Pick<T, K>>
}
