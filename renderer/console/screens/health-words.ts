import type { DeviceHealth } from '#protocol/device-report.ts'

export interface HealthFact {
  readonly name: string
  readonly value: string
  /** Somebody should look at it. */
  readonly isBad: boolean
}

/** Above it a board slows itself down. */
const hotCelsius = 80
/** Processes that wait for memory so much of the time make pages stutter. */
const highPressure = 20
/** Certificates are judged by a clock. */
const clockSeconds = 60

/** What is known of a machine, with units. What it does not have is left out. */
export function healthFacts(health: DeviceHealth): readonly HealthFact[] {
  const { temperature, underVoltage, throttled, memoryTotal, memoryAvailable, memoryPressure } = health
  const { storageReadOnly, storageErrors, displayOn, idle, watchdog, uptime, profile, clockOffset } = health
  return [
    fact(
      'Temperature',
      temperature,
      (celsius) => `${celsius.toFixed(1)} °C`,
      (celsius) => celsius >= hotCelsius,
    ),
    fact('Power', underVoltage, (low) => (low ? 'Too little voltage' : 'Steady'), Boolean),
    fact('Processor', throttled, (slow) => (slow ? 'Slowed down' : 'At full speed'), Boolean),
    fact(
      'Free memory',
      memoryAvailable,
      (bytes) => `${bytesWords(bytes)}${memoryTotal === null ? '' : ` of ${bytesWords(memoryTotal)}`}`,
    ),
    fact(
      'Waiting for memory',
      memoryPressure,
      (share) => `${Math.round(share)} % of the time`,
      (share) => share >= highPressure,
    ),
    fact('Storage', storageReadOnly, (readOnly) => (readOnly ? 'Read-only' : 'Writable'), Boolean),
    fact(
      'Storage errors',
      storageErrors,
      (count) => count.toLocaleString('en'),
      (count) => count > 0,
    ),
    fact('Display', displayOn, (on) => (on ? 'On' : 'Off')),
    fact('Last touched', idle, (seconds) => `${spanWords(seconds)} ago`),
    fact('Watchdog', watchdog, (state) => watchdogs[state]),
    fact('Running for', uptime, spanWords),
    fact('Memory profile', profile, (given) => (given === 'low' ? 'For little memory' : 'Usual')),
    fact('Clock', clockOffset, clockWords, (seconds) => Math.abs(seconds) > clockSeconds),
    fact('Board', health.board, String),
    fact('Serial number', health.serial, String),
  ].filter((found) => found !== null)
}

function fact<T>(
  name: string,
  value: T | null,
  words: (value: T) => string,
  isBad: (value: T) => boolean = () => false,
): HealthFact | null {
  return value === null ? null : { name, value: words(value), isBad: isBad(value) }
}

const watchdogs = {
  idle: 'There, not armed',
  armed: 'Armed',
  held: 'Armed by the system',
  absent: 'None',
} as const satisfies Record<NonNullable<DeviceHealth['watchdog']>, string>

/** Decimal units, as storage and memory are sold: `412 MB`, `1.0 GB`. */
export function bytesWords(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.round(bytes / 1e3)} kB`
}

/** `45 seconds`, `3 minutes`, `5 hours`, `12 days`: as precise as anybody needs. */
export function spanWords(seconds: number): string {
  for (const [unit, size] of units) {
    const count = Math.floor(seconds / size)
    if (count >= 1 || unit === 'second') return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return ''
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

function clockWords(offset: number): string {
  if (Math.abs(offset) < 2) return 'In step'
  return `${spanWords(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'}`
}
