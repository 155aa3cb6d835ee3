import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pino from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '#server/store/store.ts'
import { deaf, describeBroker, kept, notKept, publishMany, type Told } from '#test/broker/broker-behaviour.ts'
import { createMemoryBroker, type MemoryBrokerOptions } from './memory-broker.ts'

describe('the broker of a single node', () => {
  describeBroker(() => openBroker())
})

test('listeners have been told, and the file has it, when the publisher is answered', async () => {
  const { broker, told, path } = await openBroker()
  const { offset } = await broker.publish('news:a', kept, { data: '"x"', tags: { kind: 'door' } })
  expect(told).toHaveLength(1)
  using other = new DatabaseSync(path)
  expect(other.prepare('select "offset", data, tags from publications').all()).toEqual([
    { offset, data: '"x"', tags: '{"kind":"door"}' },
  ])
})

test('a channel without history has offset 0 and leaves nothing behind', async () => {
  const { broker, told, path } = await openBroker()
  expect(await broker.publish('telemetry:a', notKept, { data: '1' })).toEqual({
    offset: 0,
    epoch: '',
    duplicate: false,
  })
  expect(told).toHaveLength(1)
  using other = new DatabaseSync(path)
  expect(other.prepare('select count(*) as n from streams').get()).toEqual({ n: 0 })
})

test('epoch, top and publications are the same after the broker was opened again', async () => {
  const { broker, path, reopen } = await openBroker()
  const first = await broker.publish('news:a', kept, { data: '{"n":1}' })
  await broker[Symbol.asyncDispose]()
  const again = await reopen(path)
  const second = await again.publish('news:a', kept, { data: '{"n":2}' })
  expect(second).toEqual({ offset: 2, epoch: first.epoch, duplicate: false })
  const page = await again.history('news:a', kept, { limit: 10 })
  expect(page.publications.map(({ data }) => data)).toEqual(['{"n":1}', '{"n":2}'])
})

test('a channel that was only read leaves nothing behind, and its stream begins with the epoch it was read with', async () => {
  const { broker, path, reopen } = await openBroker()
  const { epoch, offset } = await broker.history('news:a', kept, { limit: 0 })
  expect([epoch, offset]).toEqual([expect.stringMatching(/^[A-Za-z]{8}$/), 0])
  expect((await broker.history('news:b', kept, { limit: 0 })).epoch).not.toBe(epoch)
  await broker[Symbol.asyncDispose]()
  using other = new DatabaseSync(path)
  expect(other.prepare('select count(*) as n from streams').get()).toEqual({ n: 0 })
  const again = await reopen(path)
  expect((await again.publish('news:a', kept, { data: '1' })).epoch).toBe(epoch)
  const page = await again.history('news:a', kept, { limit: 10, since: { offset: 0, epoch } })
  expect(page).toMatchObject({ epoch, offset: 1, publications: [{ data: '1' }] })
})

test('a stream that was forgotten begins again under another epoch', async () => {
  let now = 1_700_000_000_000
  const { broker, path } = await openBroker({ clock: () => now })
  const { epoch } = await broker.publish('news:a', kept, { data: '1' })
  using other = new DatabaseSync(path)
  other.exec('delete from publications')
  now += 400 * 24 * 3600 * 1000 + 1
  other.exec('delete from streams')
  expect(await broker.publish('news:a', kept, { data: '2' })).toMatchObject({
    offset: 1,
    epoch: expect.not.stringMatching(epoch),
  })
})

test('reading a stream and publishing to it in the same turn agree on where it stands', async () => {
  const { broker, told } = await openBroker()
  const [page, published] = await Promise.all([
    broker.history('news:a', kept, { limit: 10 }),
    broker.publish('news:a', kept, { data: '1' }),
  ])
  expect(page).toEqual({ publications: [], offset: 0, epoch: published.epoch })
  expect(told).toMatchObject([{ publication: { offset: 1 }, epoch: page.epoch }])
})

test('a stream in use is noted once a day, without anybody waiting for it', async () => {
  let now = 1_000_000
  const { broker, path } = await openBroker({ clock: () => now })
  await publishMany(broker, 1)
  now += 25 * 3600 * 1000
  await Promise.all([1, 2, 3].map(() => broker.history('news:a', kept, { limit: 0 })))
  using other = new DatabaseSync(path)
  const usedAt = () => other.prepare('select used_at as at from streams').get()
  await expect.poll(usedAt).toEqual({ at: now })
})

test('history that was removed is invisible at once and stays so, and epoch and top go on', async () => {
  const { broker, path, reopen } = await openBroker()
  const { epoch } = await publishMany(broker, 3)
  const [before] = await Promise.all([
    broker.publish('news:a', kept, { data: '"4"' }),
    broker.removeHistory('news:a'),
    broker.publish('news:a', kept, { data: '"5"' }),
  ])
  expect(before.offset).toBe(4)
  await broker.removeHistory('news:nobody-published-here')
  await broker[Symbol.asyncDispose]()
  const again = await reopen(path)
  const page = await again.history('news:a', kept, { limit: 10 })
  expect(page).toMatchObject({ epoch, offset: 5, publications: [{ offset: 5, data: '"5"' }] })
  expect(page.publications).toHaveLength(1)
  expect((await again.history('news:a', kept, { limit: 10, reverse: true })).publications).toHaveLength(1)
})

test('the space of removed history is given back in steps', async () => {
  const { broker, path } = await openBroker()
  await publishMany(broker, 900)
  using other = new DatabaseSync(path)
  const rows = () => (other.prepare('select count(*) as n from publications').get() as { n: number }).n
  await broker.removeHistory('news:a')
  await expect.poll(rows).toBe(0)
})

test('history is removed also while another handle writes, when that is done', async () => {
  const { broker, path } = await openBroker()
  await publishMany(broker, 2)
  using other = new DatabaseSync(path)
  other.exec('begin immediate')
  const removed = broker.removeHistory('news:a')
  await new Promise(setImmediate)
  expect((await broker.history('news:a', kept, { limit: 10 })).publications).toHaveLength(2)
  other.exec('commit')
  await removed
  expect((await broker.history('news:a', kept, { limit: 10 })).publications).toEqual([])
})

test('a version that is not higher reaches nobody, within one epoch of versions, also after a restart', async () => {
  const { broker, told, path, reopen } = await openBroker()
  const publish = (to: typeof broker, version: number, versionEpoch?: string) =>
    to.publish('news:a', kept, { data: `${version}`, version, ...(versionEpoch && { versionEpoch }) })
  const first = await Promise.all([publish(broker, 5), publish(broker, 5), publish(broker, 4), publish(broker, 7)])
  expect(first.map(({ offset, duplicate }) => [offset, duplicate])).toEqual([
    [1, false],
    [1, true],
    [1, true],
    [2, false],
  ])
  expect(await broker.publish('news:a', kept, { data: 'null' })).toMatchObject({ offset: 3, duplicate: false })
  expect(await broker.publish('news:b', kept, { data: '1', version: 1 })).toMatchObject({ duplicate: false })
  await broker[Symbol.asyncDispose]()
  const again = await reopen(path)
  expect(await publish(again, 7)).toEqual({ offset: 3, epoch: first[0].epoch, duplicate: true })
  expect(await publish(again, 1, 'rebuilt')).toMatchObject({ offset: 4, duplicate: false })
  expect(await publish(again, 1, 'rebuilt')).toMatchObject({ offset: 4, duplicate: true })
  expect(await publish(again, 1)).toMatchObject({ offset: 5, duplicate: false })
  expect(told.map(({ publication }) => publication.data)).toEqual(['5', '7', 'null', '1', '1', '1'])
})

test('a busy channel does not grow without bound in the file', async () => {
  const { broker, path } = await openBroker()
  const policy = { size: 100, ttlSeconds: 3600 }
  using other = new DatabaseSync(path)
  const rows = () => (other.prepare('select count(*) as n from publications').get() as { n: number }).n
  for (let round = 0; round < 10; round++) await publishMany(broker, 500, policy)
  await expect.poll(rows).toBeLessThanOrEqual(100 + 250)
  const page = await broker.history('news:a', policy, { limit: 1000 })
  expect(page.publications.map(({ offset }) => offset)).toEqual(Array.from({ length: 100 }, (_, n) => 4901 + n))
})

test('what is written moves from the log into the database file while the broker is open', async () => {
  const { broker, path } = await openBroker()
  await publishMany(broker, 1)
  const before = statSync(path).size
  const data = JSON.stringify('x'.repeat(50_000))
  await Promise.all(Array.from({ length: 100 }, () => broker.publish('news:a', kept, { data })))
  await expect.poll(() => statSync(path).size).toBeGreaterThan(before + 2_000_000)
})

test('a key publishes once, also across a restart', async () => {
  const { broker, told, path, reopen } = await openBroker()
  const once = { data: '1', idempotencyKey: 'k1' }
  const [first, twin] = await Promise.all([broker.publish('news:a', kept, once), broker.publish('news:a', kept, once)])
  expect([first, twin]).toEqual([
    { offset: 1, epoch: first.epoch, duplicate: false },
    { offset: 1, epoch: first.epoch, duplicate: true },
  ])
  expect(await broker.publish('news:b', kept, once)).toMatchObject({ offset: 1, duplicate: false })
  expect(told).toHaveLength(2)
  await broker[Symbol.asyncDispose]()
  const again = await reopen(path)
  expect(await again.publish('news:a', kept, once)).toEqual({ offset: 1, epoch: first.epoch, duplicate: true })
})

test('a key publishes once in five minutes where nothing is kept', async () => {
  let now = 0
  const { broker, told } = await openBroker({ clock: () => now })
  const publish = () => broker.publish('telemetry:a', notKept, { data: '1', idempotencyKey: 'k' })
  expect([(await publish()).duplicate, (await publish()).duplicate]).toEqual([false, true])
  now = 5 * 60 * 1000
  expect((await publish()).duplicate).toBe(false)
  expect(told).toHaveLength(2)
})

test('too much waiting is refused with a code, and what was taken is written', async () => {
  const { broker, told } = await openBroker({ maxWaiting: 3 })
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => broker.publish('news:a', kept, { data: `${n}` })))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  expect(outcomes[3]).toMatchObject({ reason: { name: 'BrokerError', code: 'full' } })
  expect(told).toHaveLength(3)
  expect((await broker.publish('news:a', kept, { data: '5' })).offset).toBe(4)
})

test('too many bytes waiting are refused with a code', async () => {
  const { broker } = await openBroker({ maxWaitingBytes: 10 })
  const outcomes = await Promise.allSettled(
    ['"12345"', '"12345"'].map((data) => broker.publish('news:a', kept, { data })),
  )
  expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'full' } }])
})

test('while another handle holds the lock publishers wait, the event loop does not, and then all is written', async () => {
  const { broker, path } = await openBroker()
  using other = new DatabaseSync(path)
  other.exec('begin immediate')
  const publishing = publishMany(broker, 3)
  const started = performance.now()
  let turns = 0
  while (performance.now() - started < 200) {
    await new Promise(setImmediate)
    turns += 1
  }
  expect(turns).toBeGreaterThan(50)
  other.exec('commit')
  expect((await publishing).offset).toBe(3)
})

test('when the lock is held too long every publisher is told, nobody else is, and no offset is burnt', async () => {
  const { broker, told, path } = await openBroker({ patienceMs: 100 })
  using other = new DatabaseSync(path)
  other.exec('begin immediate')
  const outcomes = await Promise.allSettled([1, 2].map((n) => broker.publish('news:a', kept, { data: `${n}` })))
  expect(outcomes).toMatchObject([{ reason: { code: 'write_failed' } }, { reason: { code: 'write_failed' } }])
  expect(told).toEqual([])
  other.exec('rollback')
  expect((await broker.publish('news:a', kept, { data: '3' })).offset).toBe(1)
})

test('when a transaction fails its whole group is told, nobody else is, and no offset is burnt', async () => {
  const { broker, told, path } = await openBroker()
  using other = new DatabaseSync(path)
  other.exec(`create trigger full_disk before insert on publications when new.data = '"boom"'
    begin select raise(rollback, 'database or disk is full'); end`)
  const group = ['"a"', '"boom"', '"b"'].map((data) => broker.publish('news:a', kept, { data }))
  const outcomes = await Promise.allSettled(group)
  expect(outcomes.map((outcome) => 'reason' in outcome && outcome.reason.code)).toEqual(Array(3).fill('write_failed'))
  expect(told).toEqual([])
  expect((await broker.publish('news:a', kept, { data: '"c"' })).offset).toBe(1)
  expect((await broker.history('news:a', kept, { limit: 10 })).publications.map(({ data }) => data)).toEqual(['"c"'])
})

test('closing writes what waits and refuses what comes after', async () => {
  const { broker, told } = await openBroker()
  const last = broker.publish('news:a', kept, { data: '1' })
  await broker[Symbol.asyncDispose]()
  expect((await last).offset).toBe(1)
  expect(told).toHaveLength(1)
  await expect(broker.publish('news:a', kept, { data: '2' })).rejects.toMatchObject({ code: 'closed' })
  await expect(broker.publish('telemetry:a', notKept, { data: '2' })).rejects.toMatchObject({ code: 'closed' })
})

async function openBroker(options: Partial<MemoryBrokerOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-broker-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'carillon.sqlite')
  const told: Told[] = []
  return { broker: await reopen(path), told, path, reopen }

  async function reopen(file: string) {
    await using store = await openStore({ path: file })
    const broker = createMemoryBroker({ store, log: pino({ level: 'silent' }), ...options })
    onTestFinished(() => broker[Symbol.asyncDispose]())
    broker.listen({
      ...deaf,
      publication: (channel, publication, epoch) => told.push({ channel, publication, epoch }),
    })
    return broker
  }
}
