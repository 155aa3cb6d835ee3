import { uptime } from 'node:os'
import type { DeviceHealth } from '#protocol/device-report.ts'
import { type Native, NativeError } from '../../native/native.ts'
import type { Log } from '../log.ts'

export interface HealthOptions {
  readonly native: Native
  readonly log: Log
  /** What the shell knows of this run. */
  readonly shell: { readonly profile: DeviceHealth['profile']; readonly clockOffset: number | null }
}

/** Reads how the machine is. A reading that fails is null, and logged once. */
export function healthReader({ native, log, shell }: HealthOptions): () => DeviceHealth {
  const failures = new Set<string>()

  function read<T>(name: string, ask: () => T): T | null {
    try {
      return ask()
    } catch (error) {
      const code = error instanceof NativeError ? error.code : 'failed'
      const isNews = code !== 'not_available' && !failures.has(`${name} ${code}`)
      if (isNews) log.warn('reading failed', { name, error: error instanceof Error ? error.message : String(error) })
      failures.add(`${name} ${code}`)
      return null
    }
  }

  return () => {
    const board = read('board', () => native.board())
    const throttling = read('throttling', () => native.throttling())?.now
    const memory = read('memory', () => native.memory())
    const storage = read('storage', () => native.storage())
    const watchdog = read('watchdog', () => native.watchdog())
    return {
      at: new Date().toISOString(),
      board: board?.model.slice(0, 120) ?? null,
      serial: board?.serial?.slice(0, 64) ?? null,
      temperature: read('temperature', () => native.temperature()),
      underVoltage: throttling?.underVoltage ?? null,
      throttled: throttling?.throttled ?? null,
      memoryTotal: memory?.total ?? null,
      memoryAvailable: memory?.available ?? null,
      memoryPressure: read('pressure', () => native.pressure('memory'))?.some.avg10 ?? null,
      // A card that was mounted read-only on purpose is well.
      storageReadOnly: storage?.remountedReadOnly ?? storage?.readOnly ?? null,
      storageErrors: sum(storage?.fileSystemErrors ?? null, storage?.cardErrors ?? null),
      displayOn: read('display', () => native.display())?.on ?? null,
      idle: read('idle', () => native.idleSeconds()),
      watchdog,
      uptime: Math.round(uptime()),
      profile: shell.profile,
      clockOffset: shell.clockOffset,
    }
  }
}

/** Null where neither is known. */
function sum(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0)
}
