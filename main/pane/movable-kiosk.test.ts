import { expect, test } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import type { KioskApp } from '../kiosk.ts'
import { createMovableKiosk } from './movable-kiosk.ts'

const old = 'https://old.example.org'
const other = 'https://new.example.org'

test('it goes over to another server, and what the old one still says is not heard', () => {
  const { kiosk, made, told } = build()
  kiosk.use(other)
  expect(made.map(({ server, deeds }) => [server, deeds])).toEqual([
    [old, ['end']],
    [other, ['start']],
  ])
  told.length = 0
  made[0]?.tell(enrolling(old))
  expect(told).toEqual([])
  made[1]?.tell(enrolling(other))
  expect(told).toEqual([enrolling(other)])
  expect(kiosk.server).toBe(other)
  expect(kiosk.current.state).toEqual(enrolling(other))
})

test('it has settled once it shows a code of that server', async () => {
  const { kiosk, made } = build()
  kiosk.use(other)
  let isSettled = false
  const settling = kiosk.settled(other, new AbortController().signal).then(() => {
    isSettled = true
  })
  made[1]?.tell(unreachable)
  await Promise.resolve()
  expect(isSettled).toBe(false)
  made[1]?.tell(enrolling(other))
  await settling
})

test('it is waited for no longer than the signal says', async () => {
  const { kiosk, made } = build()
  kiosk.use(other)
  const limit = new AbortController()
  const settling = kiosk.settled(other, limit.signal)
  limit.abort(new Error('too late'))
  await expect(settling).rejects.toThrow('too late')
  await expect(kiosk.settled(other, limit.signal)).rejects.toThrow('too late')
  expect(() => made[1]?.tell(enrolling(other))).not.toThrow()
})

const unreachable: KioskState = {
  ...{ phase: 'unreachable', server: other, since: 0, retryAt: 0, code: 'server_unreachable', message: 'Away.' },
}

function enrolling(server: string): KioskState {
  return {
    ...{ phase: 'enrolling', server, userCode: 'WDJB-MJHT', verificationUri: server },
    ...{ verificationUriComplete: server, expiresAt: 0, notice: null },
  }
}

function build() {
  const told: KioskState[] = []
  const made: { server: string; deeds: string[]; tell(state: KioskState): void }[] = []
  const kiosk = createMovableKiosk({
    server: old,
    create(server, onState) {
      let state: KioskState = { phase: 'starting' }
      const deeds: string[] = []
      made.push({
        server,
        deeds,
        tell(next) {
          state = next
          onState(next)
        },
      })
      const app: Partial<KioskApp> = {
        get state() {
          return state
        },
        start: () => void deeds.push('start'),
        [Symbol.dispose]: () => void deeds.push('end'),
      }
      return app as KioskApp
    },
    onState: (state) => told.push(state),
  })
  return { kiosk, made, told }
}
