import {
  type Board,
  type Display,
  type DpmsLevel,
  type Memory,
  NativeError,
  type Pressure,
  type PressureShares,
  type Storage,
  type ThrottleFlags,
  type Throttling,
  type WatchdogState,
} from './native.ts'

/** What the structures of src/carillon.h say. All targets are little-endian and lay them out alike. */

export function readThrottling(answer: Buffer): Throttling {
  return { now: readFlags(answer, 0), sinceStart: readFlags(answer, 16) }
}

export function readBoard(answer: Buffer): Board {
  return { model: readText(answer, 0, 128), serial: readText(answer, 128, 64) || null }
}

export function readStorage(answer: Buffer): Storage {
  return {
    device: readText(answer, 0, 64),
    fileSystem: readText(answer, 64, 32),
    readOnly: answer.readInt32LE(96) === 1,
    remountedReadOnly: readFlag(answer, 100),
    fileSystemErrors: knownOrNull(readInteger(answer, 104)),
    cardErrors: knownOrNull(readInteger(answer, 112)),
    wornPercent: knownOrNull(answer.readInt32LE(120)),
  }
}

export function readMemory(answer: Buffer): Memory {
  return { total: readInteger(answer, 0), available: readInteger(answer, 8) }
}

export function readPressure(answer: Buffer): Pressure {
  return { some: readShares(answer, 0), full: answer.readInt32LE(48) === 1 ? readShares(answer, 24) : null }
}

export function readDisplay(answer: Buffer): Display {
  return {
    on: answer.readInt32LE(0) === 1,
    dpms: dpmsLevels[answer.readInt32LE(4)] ?? null,
    screenSaver: screenSavers[answer.readInt32LE(8)] ?? null,
    blanking: answer.readInt32LE(12) === 1,
  }
}

/** Of one that this program has not opened. */
export function readWatchdogState(state: number): WatchdogState {
  return (['absent', 'idle', 'held'] as const)[state] ?? 'absent'
}

const dpmsLevels: readonly DpmsLevel[] = ['on', 'standby', 'suspend', 'off']
const screenSavers = ['off', 'on', 'disabled'] as const
const utf8 = new TextDecoder('utf-8', { fatal: true })

function readFlags(answer: Buffer, offset: number): ThrottleFlags {
  return {
    underVoltage: readFlag(answer, offset),
    frequencyCapped: readFlag(answer, offset + 4),
    throttled: readFlag(answer, offset + 8),
    softTemperatureLimit: readFlag(answer, offset + 12),
  }
}

function readFlag(answer: Buffer, offset: number): boolean | null {
  const value = knownOrNull(answer.readInt32LE(offset))
  return value === null ? null : value === 1
}

function readShares(answer: Buffer, offset: number): PressureShares {
  const [avg10, avg60, avg300] = [0, 8, 16].map((more) => answer.readDoubleLE(offset + more)) as [
    number,
    number,
    number,
  ]
  return { avg10, avg60, avg300 }
}

/** -1 says that this machine does not tell. */
function knownOrNull(value: number): number | null {
  return value < 0 ? null : value
}

function readInteger(answer: Buffer, offset: number): number {
  const value = Number(answer.readBigInt64LE(offset))
  if (!Number.isSafeInteger(value)) throw new NativeError('malformed', `${value} is more than there can be.`)
  return value
}

/** Up to its zero byte. */
function readText(answer: Buffer, offset: number, size: number): string {
  const whole = answer.subarray(offset, offset + size)
  try {
    return utf8.decode(whole.subarray(0, whole.indexOf(0)))
  } catch (cause) {
    throw new NativeError('malformed', 'This machine gives a name that is not text.', { cause })
  }
}
