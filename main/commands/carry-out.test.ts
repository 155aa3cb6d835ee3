import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { type CarryOutOptions, carryOut } from './carry-out.ts'

test.each(['restart-app', 'reboot'] as const)(
  '%s is refused where the credential would be lost by it',
  async (command) => {
    const asked: string[] = []
    const on = {
      isForgetful: () => true,
      machine: { restartApp: () => asked.push('restart'), reboot: async () => ({ ok: true }) },
    } as unknown as CarryOutOptions
    const order = { id: randomUUID(), device: 'd1', deadline: '2026-01-01T01:00:00.000Z', command, args: {} }
    const effect = await carryOut(order, on, AbortSignal.timeout(1000))
    expect(effect).toMatchObject({ state: 'refused', code: 'credential_in_memory' })
    expect(asked).toEqual([])
  },
)
