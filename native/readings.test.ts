import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { describeOnBoth } from '#test/support/native/native-suite.ts'
import type { Asking } from '#test/support/native/probe-client.ts'
import {
  cardFolder,
  machineWith,
  pc,
  raspberryPi,
  raspberryPiOnDebian,
  sdCard,
  type Tree,
} from '#test/support/native/trees.ts'

/**
 * What the library reads in trees of files like those of real machines. The firmware's mailbox is a stand-in
 * (test/support/native/devices.c).
 */
vi.setConfig({ testTimeout: 90_000, hookTimeout: 180_000 })

const none = { code: 'not_available' }
const malformed = { name: 'NativeError', code: 'malformed' }

describeOnBoth('the native library reads', ({ target, probe, on }) => {
  test('reads a Raspberry Pi', async () => {
    const ask = on(raspberryPi)
    const now = { underVoltage: true, frequencyCapped: false, throttled: true, softTemperatureLimit: false }
    expect(await ask('temperature')).toBe(48.312)
    expect(await ask('throttling')).toEqual({ now, sinceStart: now })
    expect(await ask('board')).toEqual({ model: 'Raspberry Pi 3 Model B Plus Rev 1.3', serial: '00000000c3a1b2f4' })
    expect(await ask('memory')).toEqual({ total: 948304 * 1024, available: 431220 * 1024 })
    expect(await ask('pressure', 'memory')).toEqual({
      some: { avg10: 2.34, avg60: 1.05, avg300: 0.31 },
      full: { avg10: 1.2, avg60: 0.5, avg300: 0.11 },
    })
    expect(await ask('pressure', 'cpu')).toEqual({ some: { avg10: 12, avg60: 9.1, avg300: 4 }, full: null })
    expect(await ask('storage')).toEqual({
      device: 'mmcblk0p2',
      fileSystem: 'ext4',
      readOnly: false,
      remountedReadOnly: false,
      fileSystemErrors: 0,
      cardErrors: null,
      wornPercent: null,
    })
  })

  test('says of a kernel without the mailbox what its sensors know, and no more', async () => {
    const ask = on(raspberryPiOnDebian)
    const unknown = { underVoltage: null, frequencyCapped: null, throttled: null, softTemperatureLimit: null }
    expect(await ask('temperature')).toBe(51.54)
    expect(await ask('throttling')).toEqual({ now: { ...unknown, underVoltage: true }, sinceStart: unknown })
  })

  test('reads a PC: the processor, not the case, and the errors of its disk', async () => {
    const ask = on(pc)
    expect(await ask('temperature')).toBe(43)
    expect(await ask('board')).toEqual({ model: 'LENOVO ThinkCentre M75n', serial: 'PC1ABCDE' })
    expect(await ask('storage')).toMatchObject({ device: 'sda1', fileSystemErrors: 3, cardErrors: 31 })
    expect(
      await on({ 'sys/class/hwmon/hwmon3/name': 'k10temp\n', 'sys/class/hwmon/hwmon3/temp1_input': '-1500\n' })(
        'temperature',
      ),
    ).toBe(-1.5)
  })

  test('asks of several sensors the one that is the processor, and of two alike the first', async () => {
    const zone = (number: number, type: string, temp: number): Tree => ({
      [`sys/class/thermal/thermal_zone${number}/type`]: `${type}\n`,
      [`sys/class/thermal/thermal_zone${number}/temp`]: `${temp}\n`,
    })
    const zones = [zone(0, 'gpu-thermal', 30_000), zone(1, 'soc-thermal', 41_000), zone(2, 'soc-thermal', 42_000)]
    expect(await on(...zones)('temperature')).toBe(41)
    expect(await on(...zones, zone(3, 'cpu-thermal', 55_000))('temperature')).toBe(55)
  })

  test('has nothing to say of a machine that has nothing', async () => {
    const ask = on({})
    for (const call of ['temperature', 'throttling', 'board', 'storage', 'memory'] as const)
      await expect(ask(call), call).rejects.toMatchObject(none)
    for (const resource of ['cpu', 'memory', 'io']) await expect(ask('pressure', resource)).rejects.toMatchObject(none)
    await expect(ask('openWatchdog', 10)).rejects.toMatchObject(none)
    expect(await ask('watchdog')).toBe('absent')
    // No DISPLAY here, and on 32-bit ARM not even the libraries.
    for (const call of ['display', 'idleSeconds'] as const) await expect(ask(call)).rejects.toMatchObject(none)
    for (const call of ['setDisplayPower', 'setBlanking'] as const)
      await expect(ask(call, false)).rejects.toMatchObject(none)
    // A firmware that does not know the question; makers who wrote nothing; a zone that is not the processor.
    await expect(on({ 'dev/vcio': '0x30046 0 0\n' })('temperature')).rejects.toMatchObject(none)
    await expect(on({ 'sys/class/dmi/id/product_name': 'To Be Filled By O.E.M.\n' })('board')).rejects.toMatchObject(
      none,
    )
    await expect(
      on(pc, { 'sys/class/thermal/thermal_zone1/type': 'iwlwifi_1\n' })('temperature'),
    ).rejects.toMatchObject(none)
  })

  test.each<[path: string, content: string | Uint8Array, call: Parameters<Asking>[0], argument?: string]>([
    ['dev/vcio', '0x30006 0 4294967295\n', 'temperature'],
    ['sys/class/thermal/thermal_zone0/temp', 'hot\n', 'temperature'],
    ['sys/class/thermal/thermal_zone0/temp', '51540 C\n', 'temperature'],
    ['sys/class/thermal/thermal_zone0/temp', '', 'temperature'],
    ['sys/class/thermal/thermal_zone0/temp', '99999999999999999999\n', 'temperature'],
    ['sys/class/thermal/thermal_zone0/temp', '200000\n', 'temperature'],
    ['sys/class/hwmon/hwmon1/in0_lcrit_alarm', '2\n', 'throttling'],
    ['proc/device-tree/model', 'Raspberry\nPi\0', 'board'],
    ['proc/device-tree/model', 'x'.repeat(128), 'board'],
    ['proc/device-tree/model', Uint8Array.of(0xc3, 0x28, 0), 'board'],
    ['proc/meminfo', 'MemTotal: lots kB\nMemAvailable: 1 kB\n', 'memory'],
    ['proc/meminfo', 'MemTotal: 1 kB\nMemAvailable: 2 kB\n', 'memory'],
    ['proc/meminfo', 'MemTotal: 0 kB\nMemAvailable: 0 kB\n', 'memory'],
    ['proc/meminfo', 'MemTotal: 9223372036854775807 kB\nMemAvailable: 2 kB\n', 'memory'],
    ['proc/pressure/memory', 'some avg10=-1.00 avg60=0.00 avg300=0.00 total=0\n', 'pressure', 'memory'],
    ['proc/pressure/memory', 'some avg10=100.01 avg60=0.00 avg300=0.00 total=0\n', 'pressure', 'memory'],
    ['proc/pressure/memory', 'some avg10=1,00 avg60=0,00 avg300=0,00 total=0\n', 'pressure', 'memory'],
    ['proc/pressure/memory', 'some avg10=1.00 avg60=0.00 avg300=0.00 total=0', 'pressure', 'memory'],
    ['proc/pressure/memory', '', 'pressure', 'memory'],
    ['proc/self/mountinfo', '24 1 179:2 / /home rw - ext4 /dev/x rw\nnonsense\n\n', 'storage'],
    ['sys/fs/ext4/mmcblk0p2/errors_count', '-4\n', 'storage'],
    [`${cardFolder}/life_time`, '0x01\n', 'storage'],
    [`${cardFolder}/life_time`, '0x01 0x0c\n', 'storage'],
    [`${cardFolder}/ioerr_cnt`, '12\n', 'storage'],
    ['sys/kernel/debug/mmc0/err_stats', '# Data CRC Errors Occurred:\t -1\n', 'storage'],
    ['sys/class/watchdog/watchdog0/state', 'asleep\n', 'watchdog'],
  ])('takes nothing for a number that is none: %s = %j', async (path, content, call, argument) => {
    await expect(on(raspberryPiOnDebian, { [path]: content })(call, argument)).rejects.toMatchObject(malformed)
  })

  test('reads no more of a file than there can be, wherever it lies', async () => {
    const huge = 'x'.repeat(5 << 20)
    await expect(on({ 'proc/meminfo': huge })('memory')).rejects.toMatchObject(malformed)
    await expect(on({ 'proc/self/mountinfo': huge })('storage')).rejects.toMatchObject(malformed)
    await expect(on({ 'proc/pressure/io': huge })('pressure', 'io')).rejects.toMatchObject(malformed)
    await expect(on({ 'proc/device-tree/model': huge })('board')).rejects.toMatchObject(malformed)
    const many = Array.from({ length: 20_000 }, (_, i) => `${i + 100} 24 0:${i} / /run/${i} rw - tmpfs tmpfs rw\n`)
    const mounts = `${many.join('')}${sdCard['proc/self/mountinfo']}`
    expect(await on(sdCard, { 'proc/self/mountinfo': mounts })('storage')).toMatchObject({ device: 'mmcblk0p2' })
  })

  test('waits for nothing that is in the place of a file', async () => {
    const root = machineWith({})
    mkdirSync(join(root, 'proc/self'), { recursive: true })
    mkdirSync(join(root, 'dev'))
    mkdirSync(join(root, 'proc/meminfo'))
    await promisify(execFile)('mkfifo', [join(root, 'proc/self/mountinfo'), join(root, 'dev/watchdog')])
    const ask = probe().on({ root })
    await expect(ask('memory')).rejects.toMatchObject(malformed)
    await expect(ask('storage')).rejects.toMatchObject(malformed)
    await expect(ask('openWatchdog', 10)).rejects.toMatchObject(none)
  })

  test('tells what this user may not see from what is not there', async () => {
    const root = machineWith(raspberryPi, pc)
    const forbid = (path: string) => chmodSync(join(root, path), 0)
    const ask = probe().on({ root })
    forbid('dev/vcio')
    expect(await ask('temperature')).toBe(43) // of the thermal zone
    forbid('sys/class/thermal/thermal_zone1/temp')
    forbid('proc/meminfo')
    forbid('dev/watchdog')
    const forbidden = { code: 'not_permitted', message: expect.stringContaining(root) }
    await expect(ask('temperature')).rejects.toMatchObject(forbidden)
    await expect(ask('throttling')).rejects.toMatchObject(forbidden)
    await expect(ask('memory')).rejects.toMatchObject(forbidden)
    await expect(ask('openWatchdog', 10)).rejects.toMatchObject(forbidden)
    forbid('proc/device-tree/serial-number')
    expect(await ask('board')).toMatchObject({ serial: null })
  })

  test('passes on that the firmware does not answer', async () => {
    const failed = { code: 'failed' }
    await expect(on({ 'dev/vcio': '0x30006 errno\n' })('temperature')).rejects.toMatchObject(failed)
    await expect(on({ 'dev/vcio': 'deaf\n' })('temperature')).rejects.toMatchObject(failed)
  })

  test('knows a card that an error has made read-only from one that was meant to be', async () => {
    const mounted = (options: string, superOptions: string): Tree => ({
      'proc/self/mountinfo': `24 1 179:2 / / ${options} shared:1 - ext4 /dev/root ${superOptions}\n`,
    })
    const state = async (...trees: readonly Tree[]) => {
      const { readOnly, remountedReadOnly } = (await on(sdCard, ...trees)('storage')) as Record<string, unknown>
      return [readOnly, remountedReadOnly]
    }
    const noTable = { 'etc/fstab': '' }
    expect(await state(mounted('rw', 'rw'))).toEqual([false, false])
    expect(await state(mounted('rw', 'ro'))).toEqual([true, true])
    expect(await state(mounted('rw', 'rw,emergency_ro'))).toEqual([true, true])
    expect(await state(mounted('ro', 'ro'), { 'etc/fstab': '/dev/x / ext4 ro,noatime 0 1\n' })).toEqual([true, false])
    expect(await state(mounted('ro', 'ro'), noTable)).toEqual([true, false]) // as the kernel was told
    expect(await state(mounted('ro', 'ro'), noTable, { 'proc/cmdline': 'root=x rw quiet\n' })).toEqual([true, true])
    expect(await state(mounted('ro', 'ro'), noTable, { 'proc/cmdline': 'quiet\n' })).toEqual([true, null])
    expect(await state(mounted('rw,errors=remount-ro', 'rw,errors=remount-ro'))).toEqual([false, false])
  })

  test('looks below an overlay, at what lies on the card', async () => {
    const over = '40 1 0:30 / / rw - overlay overlay rw,lowerdir=/media/lower,upperdir=/media/upper\n'
    const below = '41 40 179:2 / /media/lower ro - ext4 /dev/mmcblk0p2 ro\n'
    const seen = on(sdCard, { 'proc/self/mountinfo': below + over, 'etc/fstab': '' })
    expect(await seen('storage')).toMatchObject({ device: 'mmcblk0p2', readOnly: true, remountedReadOnly: false })
    await expect(on(sdCard, { 'proc/self/mountinfo': over })('storage')).rejects.toMatchObject(none)
  })

  test('counts what the card lost, and how worn it is', async () => {
    const counted = {
      'sys/kernel/debug/mmc0/err_stats':
        '# Command Timeout Occurred:\t 8\n# Command CRC Errors Occurred:\t 1\n# Data Timeout Occurred:\t 2\n# Data CRC Errors Occurred:\t 40\n',
    }
    expect(await on(sdCard, counted)('storage')).toMatchObject({ cardErrors: 43 })
    const worn = async (life: string) =>
      ((await on(sdCard, { [`${cardFolder}/life_time`]: life })('storage')) as Record<string, unknown>).wornPercent
    expect([await worn('0x01 0x03\n'), await worn('0x0b 0x01\n'), await worn('0x00 0x00\n')]).toEqual([30, 100, null])
  })

  test('answers whatever lies in the files, with sense or an error of ours', async () => {
    const root = machineWith(raspberryPiOnDebian, raspberryPi)
    const ask = probe().on({ root })
    const file = fc.constantFrom(
      'proc/meminfo',
      'proc/pressure/io',
      'proc/self/mountinfo',
      'etc/fstab',
      'proc/cmdline',
      'proc/device-tree/model',
      'dev/vcio',
      `${cardFolder}/life_time`,
      'sys/kernel/debug/mmc0/err_stats',
    )
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'MemTotal:',
        'kB\n',
        'some avg10=',
        ' ',
        '\n',
        '/',
        'ro,',
        '- ext4 x rw',
        '0x',
        '179:2',
        '\0',
        '\\040',
        '9'.repeat(19),
      ),
    )
    const content = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
    mkdirSync(join(root, 'sys/kernel/debug/mmc0'), { recursive: true })
    await fc.assert(
      fc.asyncProperty(file, content, async (path, text) => {
        writeFileSync(join(root, path), text)
        for (const [call, argument] of [
          ['memory'],
          ['pressure', 'io'],
          ['storage'],
          ['board'],
          ['temperature'],
          ['throttling'],
        ] as const) {
          const answer: unknown = await ask(call, argument).catch((error: unknown) => error)
          if (answer instanceof Error)
            expect(answer).toMatchObject({
              name: 'NativeError',
              code: expect.stringMatching(/^(not_available|malformed)$/),
            })
        }
      }),
      { numRuns: target.name === 'host' ? 300 : 60 },
    )
  })
})
