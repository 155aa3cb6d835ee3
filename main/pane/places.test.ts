import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findPlaces } from './places.ts'

test('a stick that is mounted and can be written to comes first, then the folder on this machine', async () => {
  const home = await mkdtemp(join(tmpdir(), 'carillon-places-'))
  onTestFinished(() => rm(home, { recursive: true }))
  const stick = join(home, 'MY STICK')
  await mkdir(stick)
  const folder = join(home, 'support')
  const asWritten = stick.replace(' ', '\\040')
  const mounts = async () =>
    [
      'proc /proc proc rw 0 0',
      '/dev/mmcblk0p2 / ext4 rw,relatime 0 0',
      `/dev/sda1 ${asWritten} vfat rw,relatime 0 0`,
      `/dev/sdb1 ${home} vfat ro,relatime 0 0`,
      `/dev/sdc1 ${home}/gone vfat rw 0 0`,
      '',
    ].join('\n')
  const places = await findPlaces({ folder, mounts, isUsb: async (device) => device.startsWith('sd') })
  expect(places).toEqual([
    { id: `usb:${stick}`, kind: 'usb', path: stick, free: expect.any(Number) },
    { id: `folder:${folder}`, kind: 'folder', path: folder, free: expect.any(Number) },
  ])
  expect((await stat(folder)).isDirectory()).toBe(true)
})

test('without sticks, on the machine of this test, there is the folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-places-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const places = await findPlaces({ folder })
  expect(places.at(-1)).toMatchObject({ kind: 'folder', path: folder })
})
