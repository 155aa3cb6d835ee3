import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Publication } from '#server/broker/broker.ts'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { openStore } from '#server/store/store.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { createPair } from './peer-fixture.ts'
import { createRemoteBroker } from './remote-broker.ts'
import { createRemoteBus } from './remote-bus.ts'
import { createRemoteEphemeral } from './remote-ephemeral.ts'
import { serveWorker } from './serve-worker.ts'
import { createSwitchboard } from './switchboard.ts'
import type { PrimaryVerbs, WorkerVerbs } from './verbs.ts'

const log = pino({ level: 'silent' })
const kept = { size: 100, ttlSeconds: 60 }
const info = (client: string) => ({ user: 'ada', client })

/** What a primary keeps, and workers that are not processes of their own. */
async function startPrimary() {
  const store = await openStore({ path: join(temporaryFolder(), 'carillon.sqlite') })
  const broker = createMemoryBroker({ store, log })
  const ephemeral = createMemoryEphemeral()
  const switchboard = createSwitchboard()
  onTestFinished(async () => {
    await broker[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })

  async function addWorker(node: string) {
    const pair = createPair<PrimaryVerbs, WorkerVerbs>({
      maxOfferedBytes: 2_000,
      onCaughtUp: () => pair.a.note('resumed'),
    })
    const { a: primary, b: worker } = pair
    const freePort = async () => {}
    const service = serveWorker({ peer: primary, node, broker, ephemeral, switchboard, freePort, log })
    const heard: [channel: string, offset: number, data: string][] = []
    const resumed = vi.fn()
    const remote = createRemoteBroker(worker)
    remote.listen({
      publication: (channel: string, { offset, data }: Publication) => void heard.push([channel, offset, data]),
      announcement: (channel, kind, { client }) => void heard.push([channel, 0, `${kind} ${client}`]),
      resumed,
    })
    await worker.call('join', [])
    return {
      ...pair,
      heard,
      resumed,
      broker: remote,
      ephemeral: createRemoteEphemeral(worker),
      bus: createRemoteBus({ peer: worker, node, log }),
      end() {
        service[Symbol.dispose]()
        primary[Symbol.dispose]()
        worker[Symbol.dispose]()
      },
    }
  }
  return Object.assign(addWorker, { switchboard })
}

test('a publication reaches every worker that has subscribed, before its publisher is answered, in order', async () => {
  const addWorker = await startPrimary()
  const [one, two, three] = [await addWorker('1'), await addWorker('2'), await addWorker('3')]
  await one.broker.subscribe('news:a')
  await two.broker.subscribe('news:a')
  const published = await Promise.all(
    ['1', '2', '3'].map((data) => (data === '2' ? two : one).broker.publish('news:a', kept, { data })),
  )
  expect(published.map(({ offset }) => offset).sort()).toEqual([1, 2, 3])
  expect(one.heard.map(([, offset]) => offset)).toEqual([1, 2, 3])
  await vi.waitFor(() => expect(two.heard).toEqual(one.heard))
  expect(three.heard).toEqual([])
})

test('whoever has unsubscribed is told nothing more', async () => {
  const addWorker = await startPrimary()
  const worker = await addWorker('1')
  await worker.broker.subscribe('news:a')
  await worker.broker.publish('news:a', kept, { data: '1' })
  worker.broker.unsubscribe('news:a')
  await worker.broker.publish('news:a', kept, { data: '2' })
  expect(worker.heard).toEqual([['news:a', 1, '1']])
  expect((await worker.broker.history('news:a', kept, { limit: 10 })).publications).toHaveLength(2)
})

test('a worker that falls behind misses publications, is told so, and finds them in the history', async () => {
  const addWorker = await startPrimary()
  const [slow, other] = [await addWorker('1'), await addWorker('2')]
  await slow.broker.subscribe('news:a')
  slow.hold()
  for (let n = 0; n < 50; n++) await other.broker.publish('news:a', kept, { data: `"${'x'.repeat(100)}"` })
  slow.release()
  await vi.waitFor(() => expect(slow.resumed).toHaveBeenCalledTimes(1))
  expect(slow.heard.length).toBeLessThan(50)
  expect((await slow.broker.history('news:a', kept, { limit: 100 })).publications).toHaveLength(50)
  await other.broker.publish('news:a', kept, { data: '51' })
  await vi.waitFor(() => expect(slow.heard.at(-1)).toEqual(['news:a', 51, '51']))
})

test('presence is one for all workers, and that of a worker goes with it', async () => {
  const addWorker = await startPrimary()
  const [one, two] = [await addWorker('1'), await addWorker('2')]
  await one.broker.addPresence('news:a', info('first'))
  await one.broker.addPresence('news:a', info('gone'))
  await one.broker.removePresence('news:a', 'gone')
  await two.broker.addPresence('news:a', info('second'))
  expect(await two.broker.presence('news:a')).toEqual([info('first'), info('second')])
  one.end()
  expect(await two.broker.presence('news:a')).toEqual([info('second')])
})

test('joins and leaves are told to all workers', async () => {
  const addWorker = await startPrimary()
  const [one, two] = [await addWorker('1'), await addWorker('2')]
  await two.broker.subscribe('talk:a')
  await one.broker.announce('talk:a', 'join', info('first'))
  await vi.waitFor(() => expect(two.heard).toEqual([['talk:a', 0, 'join first']]))
})

test('a short-lived value put by one worker is taken by another, once, and counts are shared', async () => {
  const addWorker = await startPrimary()
  const [one, two] = [await addWorker('1'), await addWorker('2')]
  await one.ephemeral.put('ticket', 'ada', 1_000)
  expect(await two.ephemeral.take('ticket')).toBe('ada')
  expect(await one.ephemeral.take('ticket')).toBeNull()
  await one.ephemeral.count('guess', 1_000)
  expect(await two.ephemeral.count('guess', 1_000)).toMatchObject({ count: 2 })
})

test('once the primary is gone, what is shared is unavailable', async () => {
  const addWorker = await startPrimary()
  const worker = await addWorker('1')
  worker.end()
  await expect(worker.ephemeral.take('ticket')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(worker.broker.publish('news:a', kept, { data: '1' })).rejects.toMatchObject({ code: 'closed' })
  await expect(worker.bus.askAll('who', null)).rejects.toMatchObject({ code: 'unavailable' })
})

test('what is told on the bus is heard by all workers once, in order, and here at once', async () => {
  const addWorker = await startPrimary()
  const [one, two] = [await addWorker('1'), await addWorker('2')]
  const heard: Record<'one' | 'two', unknown[]> = { one: [], two: [] }
  one.bus.handle('note', (payload) => void heard.one.push(payload))
  two.bus.handle('note', (payload) => void heard.two.push(payload))
  const told = [one.bus.tell('note', { n: 1 }), one.bus.tell('note', { n: 2 })]
  expect(heard.one).toEqual([{ n: 1 }, { n: 2 }])
  await Promise.all(told)
  await vi.waitFor(() => expect(heard.two).toEqual([{ n: 1 }, { n: 2 }]))
  expect(heard.one).toHaveLength(2)
})

test('all workers are asked, and those that say nothing are named', async () => {
  const addWorker = await startPrimary()
  const [one, two, three] = [await addWorker('1'), await addWorker('2'), await addWorker('3')]
  one.bus.handle('who', () => 'one')
  two.bus.handle('who', async (payload) => ['two', payload])
  three.bus.handle('who', () => new Promise(() => {}))
  expect(await one.bus.nodes()).toEqual(['1', '2', '3'])
  const { answers, silent } = await one.bus.askAll('who', 'x', 50)
  expect([...answers]).toEqual([
    ['1', 'one'],
    ['2', ['two', 'x']],
  ])
  expect(silent).toEqual(['3'])
  expect(await one.bus.ask('2', 'who', 'y')).toEqual({ answer: ['two', 'y'] })
  expect(await one.bus.ask('3', 'who', 'y', 50)).toBeNull()
  expect(await one.bus.ask('nobody', 'who', 'y')).toBeNull()
  three.end()
  expect((await one.bus.askAll('who', 'x')).silent).toEqual([])
})

test('what the primary knows itself is added to the answers, and it is no node', async () => {
  const addWorker = await startPrimary()
  const one = await addWorker('1')
  addWorker.switchboard.answer('figures', (asker) => `for ${asker}`)
  one.bus.handle('figures', () => 'mine')
  const { answers } = await one.bus.askAll('figures', 'one')
  expect([...answers.values()]).toEqual(['mine', 'for one'])
  expect(await one.bus.nodes()).toEqual(['1'])
})

test('one answer brings a worker no more than the way between them can take', async () => {
  const addWorker = await startPrimary()
  const worker = await addWorker('1')
  const data = JSON.stringify('x'.repeat(1024 * 1024))
  for (let n = 0; n < 18; n++) await worker.broker.publish('news:a', kept, { data })
  const page = await worker.broker.history('news:a', kept, { limit: 100 })
  expect(page.offset).toBe(18)
  expect(page.publications.map(({ offset }) => offset)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
})
