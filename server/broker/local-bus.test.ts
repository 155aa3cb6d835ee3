import pino from 'pino'
import { expect, test } from 'vitest'
import { createLocalBus } from './local-bus.ts'

const log = pino({ level: 'silent' })

test('what is told is heard here, as a copy', async () => {
  const bus = createLocalBus({ log })
  const heard: unknown[] = []
  bus.handle('revoked', (payload) => void heard.push(payload))
  const payload = { sessionId: '1', at: undefined }
  await bus.tell('revoked', payload)
  expect(heard).toEqual([{ sessionId: '1' }])
  expect(heard[0]).not.toBe(payload)
})

test('the one node answers for all, and nobody else does', async () => {
  const bus = createLocalBus({ log })
  bus.handle('double', async (payload) => Number(payload) * 2)
  expect(await bus.askAll('double', 21)).toEqual({ answers: new Map([[bus.node, 42]]), silent: [] })
  expect(await bus.ask(bus.node, 'double', 21)).toEqual({ answer: 42 })
  expect(await bus.ask('another', 'double', 21)).toBeNull()
  expect(await bus.nodes()).toEqual([bus.node])
})

test('a handler that fails, is late or is not there is silence', async () => {
  const bus = createLocalBus({ log })
  bus.handle('fails', () => {
    throw new Error('a fault of its own')
  })
  bus.handle('late', () => new Promise(() => {}))
  expect(await bus.askAll('fails', 1)).toEqual({ answers: new Map(), silent: [bus.node] })
  expect(await bus.ask(bus.node, 'late', 1, 5)).toBeNull()
  expect(await bus.ask(bus.node, 'unknown', 1)).toBeNull()
  await bus.tell('fails', 1)
})
