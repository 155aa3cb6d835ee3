import { expect, test } from 'vitest'
import type { DeviceHealth } from '#protocol/device-report.ts'
import { bytesWords, healthFacts, spanWords } from './health-words.ts'

const nothing: DeviceHealth = {
  ...{ at: '2026-01-02T03:04:05.000Z', board: null, serial: null, temperature: null, underVoltage: null },
  ...{ throttled: null, memoryTotal: null, memoryAvailable: null, memoryPressure: null, storageReadOnly: null },
  ...{ storageErrors: null, displayOn: null, idle: null, watchdog: null, uptime: null, profile: 'usual' },
  clockOffset: null,
}
const factOf = (health: Partial<DeviceHealth>, name: string) =>
  healthFacts({ ...nothing, ...health }).find((fact) => fact.name === name)

test('what a machine does not have is left out', () => {
  expect(healthFacts(nothing)).toEqual([{ name: 'Memory profile', value: 'Usual', isBad: false }])
})

test.each([
  [{ temperature: 61.54 }, 'Temperature', '61.5 °C', false],
  [{ temperature: 80 }, 'Temperature', '80.0 °C', true],
  [{ underVoltage: true }, 'Power', 'Too little voltage', true],
  [{ memoryAvailable: 4.123e8, memoryTotal: 1e9 }, 'Free memory', '412 MB of 1.0 GB', false],
  [{ memoryPressure: 20 }, 'Waiting for memory', '20 % of the time', true],
  [{ storageReadOnly: true }, 'Storage', 'Read-only', true],
  [{ storageErrors: 0 }, 'Storage errors', '0', false],
  [{ idle: 200 }, 'Last touched', '3 minutes ago', false],
  [{ clockOffset: 1.4 }, 'Clock', 'In step', false],
  [{ clockOffset: -3700 }, 'Clock', '1 hour behind', true],
] as const)('%j is told as %s: %s', (health, name, value, isBad) => {
  expect(factOf(health, name)).toEqual({ name, value, isBad })
})

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [3599, '59 minutes'],
  [86_400 * 12, '12 days'],
])('%i seconds are %s', (seconds, words) => {
  expect(spanWords(seconds)).toBe(words)
})

test('small amounts of memory have a smaller unit', () => {
  expect([12_000, 3_400_000].map(bytesWords)).toEqual(['12 kB', '3 MB'])
})
