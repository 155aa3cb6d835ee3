import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { describeOnBoth } from '#test/support/native/native-suite.ts'
import { machineWith, raspberryPi } from '#test/support/native/trees.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { loadNative } from './load-native.ts'
import type { Native } from './native.ts'

/**
 * The library in a Node.js of its processor. The watchdog is a stand-in (test/support/native/devices.c).
 */
vi.setConfig({ testTimeout: 90_000, hookTimeout: 180_000 })

const none = { code: 'not_available' }

test('says of everything that the library is missing, where it is', async () => {
  const native = await loadNative({ path: '/nowhere/libcarillon.so' })
  expect(native.library).toEqual({ present: false, reason: expect.stringContaining('/nowhere/libcarillon.so') })
  const functions = Object.entries(native).filter(([, one]) => typeof one === 'function')
  expect(functions).toHaveLength(12)
  for (const [name] of functions as [Exclude<keyof Native, 'library'>, unknown][]) {
    const call = () => (native[name] as (argument: unknown) => unknown)(name === 'openWatchdog' ? 10 : 'memory')
    expect(call, name).toThrow(expect.objectContaining({ code: 'not_available' }))
  }
})

describeOnBoth('the native library', ({ target, prepared, probe, on }) => {
  test('proves itself before it is used', async () => {
    expect(await probe().on({})('library')).toEqual({
      present: true,
      path: prepared().library,
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      abi: 2,
    })
  })

  test('writes the same to many sockets, and says how much each took', async () => {
    const write = async (size: number) =>
      (await probe().on({})('writeEach', size)) as { written: number[]; arrived: number[] }
    expect(await write(1_000)).toEqual({ written: [1_000, 0, 1_000, -7], arrived: [1_000, 1_000] })
    // More than fits: what was not taken is not lost without a word.
    const { written, arrived } = await write(64 * 1024 * 1024)
    expect(written[0]).toBeGreaterThan(0)
    expect(written[0]).toBeLessThan(64 * 1024 * 1024)
    expect(arrived).toEqual([written[0], written[2]])
  })

  test('keeps a watchdog, and disarms it by letting it go', async () => {
    const root = machineWith(raspberryPi)
    const written = () => readFileSync(join(root, 'dev/watchdog'), 'latin1')
    const ask = probe().on({ root })
    expect(await ask('watchdog')).toBe('idle')
    expect(await ask('openWatchdog', 12)).toBe(12)
    expect(await ask('watchdog')).toBe('armed')
    await ask('pet')
    await ask('pet')
    expect(written()).toBe('\0\0')
    await expect(ask('openWatchdog', 12)).rejects.toMatchObject({ code: 'held' })
    await ask('close')
    await ask('close')
    expect(written()).toBe('\0\0V')
    expect(await ask('watchdog')).toBe('idle')
    await expect(ask('pet')).rejects.toMatchObject({ code: 'closed' })
    expect(await ask('openWatchdog', 15)).toBe(15)
    await ask('close')
  })

  test('leaves a watchdog that another program has', async () => {
    const root = machineWith(raspberryPi)
    await using other = prepared().start()
    await other.on({ root })('openWatchdog', 10)
    const held = { code: 'held', message: expect.stringContaining('/dev/watchdog') }
    await expect(probe().on({ root })('openWatchdog', 10)).rejects.toMatchObject(held)
    writeFileSync(join(root, 'sys/class/watchdog/watchdog0/state'), 'active\n')
    expect(await probe().on({ root })('watchdog')).toBe('held')
  })

  test('lets a watchdog go that cannot be used, and says when one cannot be let go', async () => {
    const invalid = { code: 'invalid_argument' }
    const root = machineWith(raspberryPi)
    const ask = probe().on({ root })
    for (const seconds of [0, -1, 1.5, 2 ** 31, Number.NaN, '10'])
      await expect(ask('openWatchdog', seconds), String(seconds)).rejects.toMatchObject(invalid)
    expect(readFileSync(join(root, 'dev/watchdog'), 'latin1')).toBe('')
    await expect(ask('openWatchdog', 16)).rejects.toMatchObject(invalid) // longer than this one can
    expect(readFileSync(join(root, 'dev/watchdog'), 'latin1')).toBe('V')
    await expect(on({ 'dev/watchdog': '!' })('openWatchdog', 10)).rejects.toMatchObject(none)
    await expect(on({ 'dev/watchdog': '' })('watchdog')).rejects.toMatchObject(none) // there, but nobody tells its state
    writeFileSync(join(root, 'sys/class/watchdog/watchdog0/state'), 'active\n')
    await ask('openWatchdog', 10)
    const failed = { code: 'failed', message: expect.stringContaining('will be reset') }
    await expect(ask('close')).rejects.toMatchObject(failed)
  })

  test('refuses a root that is no path', async () => {
    const invalid = { code: 'invalid_argument' }
    for (const root of ['/a\0b', 'x'.repeat(4090), 'x'.repeat(100_000)])
      await expect(probe().on({ root })('memory')).rejects.toMatchObject(invalid)
  })

  test('is refused when it is not the library that this binding is for', async () => {
    const other = join(temporaryFolder(), 'other.so')
    const opened = async (path: string) => (await probe().on({})('open', path)) as { present: boolean; reason: string }
    expect(await opened('/nowhere.so')).toEqual({ present: false, reason: expect.stringContaining('/nowhere.so') })
    writeFileSync(other, 'not a library')
    expect(await opened(other)).toMatchObject({ present: false })
    await target.compile('int carillon_abi(void) { return 99; }', other)
    expect(await opened(other)).toEqual({
      present: false,
      reason: `${other} has ABI 99, and this version of Carillon needs 2`,
    })
    rmSync(other)
    await target.compile('int carillon_other(void) { return 1; }', `${other}.2`)
    expect(await opened(`${other}.2`)).toMatchObject({ present: false })
  })

  test('leaves nothing open behind', async () => {
    const ask = on(raspberryPi)
    const empty = on({})
    const open = await ask('descriptors')
    for (let i = 0; i < 20; i++) {
      for (const call of ['temperature', 'board', 'storage', 'memory', 'watchdog'] as const) {
        await ask(call)
        await empty(call).catch(() => {})
      }
      await ask('openWatchdog', 10)
      await ask('close')
    }
    expect(await ask('descriptors')).toBe(open)
  })

  if (target.name === 'host') {
    test('is watched: what C writes beyond its place ends the program', async () => {
      await using watched = prepared().start()
      const died = watched.on({ root: machineWith(raspberryPi) })('overrun')
      await expect(died).rejects.toThrow(/AddressSanitizer.*native\/src\/board\.c/s)
    })

    test('is watched: what C does not give back is reported at the end', async () => {
      const leaking = join(temporaryFolder(), 'leaking.so')
      const source =
        '#include <stdlib.h>\nint carillon_abi(void) { char *volatile p = malloc(777); p = NULL; return p != 0; }'
      await target.compile(source, leaking)
      await using watched = prepared().start()
      await watched.on({})('open', leaking)
      watched.finish()
      expect((await watched.ended).errors).toMatch(/leak of 777 byte.*in carillon_abi/s)
    })
  }

  test('is built to the same bytes each time', async () => {
    const again = join(temporaryFolder(), 'libcarillon.so')
    await target.build(again)
    expect(readFileSync(again).equals(readFileSync(prepared().library))).toBe(true)
  })
})
