import type { DeviceHealth } from '#protocol/device-report.ts'
import type { PaneFacts } from '#protocol/pane.ts'
import { moment } from '../../shared/time.ts'

/** The facts of a screen in words for whoever stands before it. */

type Facts = readonly (readonly [string, string | null])[]

export function overviewFacts(facts: PaneFacts, now: number): Facts {
  const { name, hostname, addresses, server, shell, versions, startedAt, restartWindow } = facts
  return [
    ['Name', name ?? 'none yet'],
    ['Machine', hostname],
    ['Address', addresses.length === 0 ? 'none' : addresses.map((one) => `${one.address} (${one.network})`).join(', ')],
    ['Server', server],
    ['Enrolment', enrolmentWords(facts)],
    ['Connection', connectionWords(facts, now)],
    ['Content', shell === null ? null : contentWords(shell)],
    ['Running since', moment(startedAt, now)],
    ['Begins anew', restartWindow === null ? 'when somebody asks for it' : nightly(restartWindow)],
    [
      'Versions',
      Object.entries(versions)
        .map(([part, version]) => `${part} ${version}`)
        .join(', '),
    ],
  ]
}

export function healthFacts(health: DeviceHealth, now: number): Facts {
  const { memoryTotal, memoryAvailable, underVoltage, throttled, storageReadOnly, storageErrors, displayOn } = health
  return [
    ['Board', health.board],
    ['Serial', health.serial],
    ['Temperature', unit(health.temperature, '°C')],
    ['Power', underVoltage === null ? null : underVoltage ? 'too low: use a stronger supply' : 'enough'],
    ['Slowed down', throttled === null ? null : throttled ? 'yes, by heat or weak power' : 'no'],
    [
      'Memory',
      memoryTotal === null || memoryAvailable === null
        ? null
        : `${megabytes(memoryAvailable)} of ${megabytes(memoryTotal)} free`,
    ],
    ['Waits for memory', unit(health.memoryPressure, '%')],
    ['Storage', storageReadOnly === null ? null : storageReadOnly ? 'read-only: replace the card' : 'can be written'],
    ['Storage errors', storageErrors === null ? null : String(storageErrors)],
    ['Display', displayOn === null ? null : displayOn ? 'on' : 'off'],
    ['Watchdog', health.watchdog],
    ['Memory profile', health.profile],
    ['Machine runs for', health.uptime === null ? null : span(health.uptime)],
    ['Clock', health.clockOffset === null ? null : clockWords(health.clockOffset)],
    ['Measured', moment(Date.parse(health.at), now)],
  ]
}

/** Of `03:00-05:00`. */
function nightly(restartWindow: string): string {
  return `each night between ${restartWindow.replace('-', ' and ')}`
}

const enrolments: Readonly<Record<PaneFacts['enrolment'], string>> = {
  starting: 'being looked up',
  unreachable: 'none: the server does not answer',
  enrolling: 'waits for approval',
  'no-keychain': 'approved, without a place for the credential',
  enrolled: 'enrolled',
}

function enrolmentWords({ enrolment, userCode, storage }: PaneFacts): string {
  if (userCode !== null) return `${enrolments[enrolment]}, code ${userCode}`
  return storage === null ? enrolments[enrolment] : `${enrolments[enrolment]}, credential in ${storages[storage]}`
}

const storages = {
  keychain: 'the keychain',
  file: 'a keychain on this card',
  memory: 'memory, until the app ends',
} as const satisfies Record<NonNullable<PaneFacts['storage']>, string>

function connectionWords({ link }: PaneFacts, now: number): string {
  if (link === null) return 'none'
  const since = `since ${moment(link.since, now)}`
  return link.phase === 'offline' ? `offline ${since}: ${link.message}` : `${link.phase} ${since}`
}

function contentWords({ phase, url, message, restarts }: NonNullable<PaneFacts['shell']>): string {
  const what = url === null ? phase : `${phase}: ${url}`
  return [
    what,
    ...(message === null ? [] : [message]),
    ...(restarts > 0 ? [`${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`] : []),
  ].join(', ')
}

function unit(value: number | null, of: string): string | null {
  return value === null ? null : `${Math.round(value * 10) / 10} ${of}`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}

function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}

function clockWords(offset: number): string {
  if (Math.abs(offset) < 2) return 'right'
  return `${Math.round(Math.abs(offset))} s ${offset > 0 ? 'behind' : 'ahead of'} the server's`
}
