import { expect, onTestFinished, test, vi } from 'vitest'
import type { DeviceHealth, DeviceStatus, ShellState } from '#protocol/device-report.ts'
import { memoryLog } from '../log.ts'
import { fakeHost, fakeNative } from '../test-support/fake-host.ts'
import { healthReader } from './health.ts'
import { createStatusReports, type StatusTimes } from './status.ts'

test('a storm of changes is told as its first and its last', async () => {
  const { sent, set } = build({ apart: 40 })
  set('loading')
  await vi.waitFor(() => expect(sent).toHaveLength(1))
  for (const phase of ['recovering', 'loading', 'recovering', 'failed'] as const) set(phase)
  await vi.waitFor(() => expect(sent).toHaveLength(2))
  expect(sent.map(({ status }) => status.shell.phase)).toEqual(['loading', 'failed'])
  expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBeGreaterThan(30)
})

test('health is told each minute, whether or not anything has changed', async () => {
  const { sent, health } = build({ health: 20 })
  health.temperature = 60
  await vi.waitFor(() => expect(sent.at(-1)?.status.health?.temperature).toBe(60))
})

test('what could not be told is told at the next connection, and logged once', async () => {
  const { reports, sent, set, server, log } = build()
  server.error = { code: 1503, message: 'not now' }
  set('loading')
  await vi.waitFor(() => expect(log.lines).toHaveLength(1))
  set('failed')
  await vi.waitFor(() => expect(server.asked).toBe(2))
  server.error = null
  reports.online()
  await vi.waitFor(() => expect(sent.map(({ status }) => status.shell.phase)).toEqual(['failed']))
  expect(log.lines).toEqual(['status not told code=1503 message="not now"'])
})

test('a machine without a thing says null, and one whose reading fails too, once in the log', () => {
  const log = memoryLog()
  let temperature = (): number => 48.3
  const native = fakeNative({
    temperature: () => temperature(),
    board: () => ({ model: 'x'.repeat(300), serial: null }),
    storage: () => ({
      ...{ device: 'mmcblk0p2', fileSystem: 'ext4', readOnly: true, remountedReadOnly: false },
      ...{ fileSystemErrors: null, cardErrors: 3, wornPercent: null },
    }),
    watchdog: () => 'held',
  })
  const read = healthReader({ native, log, shell: { profile: 'low', clockOffset: -2 } })
  expect(read()).toMatchObject({
    ...{ temperature: 48.3, board: 'x'.repeat(120), serial: null, storageErrors: 3, storageReadOnly: false },
    ...{ memoryTotal: null, underVoltage: null, displayOn: null, watchdog: 'held', profile: 'low', clockOffset: -2 },
  })
  temperature = () => {
    throw new Error('the sensor is gone')
  }
  expect(read().temperature).toBeNull()
  expect(read().temperature).toBeNull()
  expect(log.lines).toEqual(['reading failed name=temperature error="the sensor is gone"'])
})

function build(times: Partial<StatusTimes> = {}) {
  const host = fakeHost()
  const log = memoryLog()
  const sent: { readonly at: number; readonly status: DeviceStatus }[] = []
  const server: { error: { code: number; message: string } | null; asked: number } = { error: null, asked: 0 }
  const health = { ...healthReader({ native: host.native, log, shell: host.shell })() } as {
    -readonly [K in keyof DeviceHealth]: DeviceHealth[K]
  }
  const reports = createStatusReports({
    shell: () => host.shell.state,
    health: () => ({ ...health }),
    async send(status) {
      server.asked++
      if (server.error !== null) throw server.error
      sent.push({ at: performance.now(), status })
    },
    log,
    times: { apart: 1, health: 60_000, ...times },
  })
  onTestFinished(() => reports[Symbol.dispose]())
  const set = (phase: ShellState['phase']) => {
    host.state = { ...host.state, phase }
    reports.changed()
  }
  return { reports, sent, server, health, log, set }
}
