import { randomBytes, scryptSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PinHash } from '#protocol/device-settings.ts'
import { memoryLog } from '../log.ts'
import { memoryFile } from '../test-support/memory-file.ts'
import { waitAfter } from './attempts.ts'
import { type LockOptions, openLock } from './lock.ts'
import { isPin } from './pin.ts'

const pin = hashOf('482915')

test('the right PIN opens, a wrong one does not', async () => {
  const { lock } = await build()
  expect(await lock.attempt('pin', '000000')).toMatchObject({ ok: false, code: 'wrong_pin' })
  expect(await lock.attempt('pin', '482915')).toEqual({ ok: true })
})

test('after ten wrong PINs there is a wait that says how long, also for the right one, and it ends', async () => {
  const { lock, clock, log } = await build()
  for (let made = 0; made < 10; made++) {
    clock.now += lock.wait
    await lock.attempt('pin', '000000')
  }
  expect(await lock.attempt('pin', '482915')).toEqual({
    ok: false,
    code: 'wait',
    message: 'Too many wrong attempts. Wait 600 s and try again.',
  })
  clock.now += 600_000
  expect(await lock.attempt('pin', '482915')).toEqual({ ok: true })
  expect(lock.wait).toBe(0)
  expect(log.lines.join('\n')).not.toMatch(/482915|000000/)
})

test('wrong attempts survive a restart, and their wait begins anew', async () => {
  const first = await build()
  for (let made = 0; made < 3; made++) await first.lock.attempt('pin', '000000')
  first.clock.now += waitAfter(3) - 1
  const { lock, clock } = await build({ file: first.file })
  expect(lock.wait).toBe(waitAfter(3))
  expect(await lock.attempt('pin', '482915')).toMatchObject({ code: 'wait' })
  clock.now += waitAfter(3)
  expect(await lock.attempt('pin', '482915')).toEqual({ ok: true })
  expect(first.file.content).toEqual({ wrong: 0 })
})

test('an attempt counts before it is checked, so that a power cut in between wins nothing', async () => {
  let during: unknown
  const { lock, file } = await build({
    checkCode: async () => {
      during = file.content
      return false
    },
  })
  await lock.attempt('code', '12345678')
  expect(during).toEqual({ wrong: 1 })
})

test('a code that could not be checked counts for nothing', async () => {
  const { lock, file } = await build({ checkCode: () => Promise.reject(new Error('no network')) })
  for (let made = 0; made < 20; made++)
    expect(await lock.attempt('code', '12345678')).toMatchObject({ code: 'not_checked' })
  expect(lock.wait).toBe(0)
  expect(file.content).toEqual({ wrong: 0 })
})

test('PINs and codes are counted together', async () => {
  const { lock } = await build()
  await lock.attempt('pin', '000000')
  await lock.attempt('code', '00000000')
  await lock.attempt('pin', '000000')
  expect(lock.wait).toBe(waitAfter(3))
})

test('two attempts at the same time are one', async () => {
  const { lock } = await build()
  const both = await Promise.all([lock.attempt('pin', '000000'), lock.attempt('pin', '482915')])
  expect(both).toMatchObject([{ code: 'wrong_pin' }, { code: 'busy' }])
})

test('a screen without a PIN says so', async () => {
  const { lock, file } = await build({ pin: () => null })
  expect(await lock.attempt('pin', '482915')).toMatchObject({ code: 'no_pin' })
  expect(file.content).toBeNull()
})

test('where nothing can be written the waits hold all the same', async () => {
  const file = { ...memoryFile<{ wrong: number }>(), write: () => Promise.reject(new Error('read-only file system')) }
  const { lock, log } = await build({ file })
  for (let made = 0; made < 3; made++) await lock.attempt('pin', '000000')
  expect(lock.wait).toBe(waitAfter(3))
  expect(log.lines).toContain('attempts not kept error="read-only file system"')
})

test('a hash that would take the memory of the machine is refused and not computed', async () => {
  await expect(isPin('482915', { ...pin, cost: 1_048_576, blockSize: 32 })).rejects.toThrow('too high a cost')
})

test('digits are the PIN if and only if they are the same', async () => {
  const digits = fc.stringMatching(/^\d{6,12}$/)
  await fc.assert(
    fc.asyncProperty(digits, digits, async (set, tried) => {
      expect(await isPin(tried, hashOf(set))).toBe(set === tried)
      expect(await isPin(set, hashOf(set))).toBe(true)
    }),
    { numRuns: 30 },
  )
})

async function build(options: Partial<LockOptions> = {}) {
  const clock = { now: 1000 }
  const log = memoryLog()
  const file = memoryFile<{ wrong: number }>()
  const parts = { file, pin: () => pin, checkCode: async () => false, log, now: () => clock.now, ...options }
  return { lock: await openLock(parts), clock, log, file }
}

function hashOf(digits: string): PinHash {
  const salt = randomBytes(16)
  const [cost, blockSize, parallelization] = [1024, 8, 1]
  const hash = scryptSync(digits, salt, 32, { N: cost, r: blockSize, p: parallelization })
  return {
    salt: salt.toString('base64url'),
    hash: hash.toString('base64url'),
    cost,
    blockSize,
    parallelization,
  }
}
