import { expect, test } from 'vitest'
import type { DeviceView } from '#protocol/devices.ts'
import { localTime } from '../clock.ts'
import { deviceHeadings, deviceRow } from './device-words.ts'

const at = new Date(2026, 10, 22, 5, 4, 3).toISOString()
const device: DeviceView = {
  ...{ id: '1', name: 'lobby-1', hostname: 'pi', version: '0.1.0', platform: 'linux', address: '192.0.2.7' },
  ...{ enrolledAt: at, enrolledBy: 'Ada', online: true, lastSeenAt: at, storage: 'file', credentialSince: at },
  ...{ rotating: false, status: null, pin: false },
}
const cells = (changed: Partial<DeviceView>) => {
  const row = deviceRow({ ...device, ...changed })
  return Object.fromEntries(deviceHeadings.map((heading, column) => [heading, row[column]]))
}

test('all times of a screen are in the zone of this machine, and one that is online is seen now', () => {
  expect(cells({})).toMatchObject({ STATE: 'online', CREDENTIAL: localTime(at), 'LAST SEEN': 'now' })
  expect(cells({ online: false, rotating: true })).toMatchObject({
    ...{ STATE: 'offline', CREDENTIAL: 'to be changed', 'LAST SEEN': localTime(at) },
  })
  expect(cells({ online: false, lastSeenAt: null })).toMatchObject({ 'LAST SEEN': 'never' })
})
