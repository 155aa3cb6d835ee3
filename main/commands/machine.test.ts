import { expect, test } from 'vitest'
import { memoryLog } from '../log.ts'
import { openMachine } from './machine.ts'

test('a machine that may not be rebooted offers no way', async () => {
  const machine = await openMachine({ reboot: null, log: memoryLog(), restartApp() {} })
  expect(machine.reboot).toBeNull()
})

test('what the system says of a reboot that it refuses is passed on', async () => {
  const reboot = ['sh', '-c', 'echo Interactive authentication required. >&2; exit 1'] as const
  const machine = await openMachine({ reboot: [...reboot], log: memoryLog(), restartApp() {} })
  expect(await machine.reboot?.()).toEqual({
    ok: false,
    code: 'reboot_failed',
    message: 'The machine could not be started anew: Interactive authentication required.',
  })
  const missing = await openMachine({ reboot: ['/nonexistent/reboot'], log: memoryLog(), restartApp() {} })
  expect(await missing.reboot?.()).toMatchObject({ code: 'reboot_failed', message: expect.stringContaining('ENOENT') })
})

test('each run has a name of its own, and all of one start of the machine have the same', async () => {
  const [one, other] = await Promise.all(
    [1, 2].map(() => openMachine({ reboot: ['true'], log: memoryLog(), restartApp() {} })),
  )
  expect(one?.run.run).not.toBe(other?.run.run)
  expect(one?.run.boot).toBe(other?.run.boot)
  expect(await one?.reboot?.()).toEqual({ ok: true })
})
