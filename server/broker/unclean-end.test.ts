import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '#server/store/store.ts'
import { kept } from '#test/broker/broker-behaviour.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { createMemoryBroker, type MemoryBrokerOptions } from './memory-broker.ts'

test('when the machine went down streams go on where they are left, under another epoch', async () => {
  const { epoch, unread, path } = await written({ bootId: 'first' })
  const broker = await open(asTheyAre(path), { bootId: 'second' })
  const page = await broker.history('news:a', kept, { limit: 10 })
  expect(page.epoch).toMatch(/^[A-Za-z]{8}$/)
  expect(page.epoch).not.toBe(epoch)
  expect(page.publications.map(({ data }) => data)).toEqual(['1', '2'])
  expect(await broker.publish('news:a', kept, { data: '3' })).toMatchObject({ offset: 3, epoch: page.epoch })
  expect((await broker.history('news:b', kept, { limit: 0 })).epoch).not.toBe(unread)
})

test('when the server alone went down, nothing is lost and the epochs stay', async () => {
  const { epoch, unread, path } = await written({ bootId: 'first' })
  const broker = await open(asTheyAre(path), { bootId: 'first' })
  expect((await broker.history('news:a', kept, { limit: 0 })).epoch).toBe(epoch)
  expect((await broker.history('news:b', kept, { limit: 0 })).epoch).toBe(unread)
})

test('after a good end the epochs stay, whatever became of the machine', async () => {
  const { epoch, unread, path, broker } = await written({ bootId: 'first' })
  await broker[Symbol.asyncDispose]()
  const again = await open(path, { bootId: 'second' })
  expect((await again.history('news:a', kept, { limit: 0 })).epoch).toBe(epoch)
  expect((await again.history('news:b', kept, { limit: 0 })).epoch).toBe(unread)
})

test('what is on disk before it is answered stays under its epoch', async () => {
  const { epoch, path } = await written({ bootId: 'first', durability: 'full' })
  const broker = await open(asTheyAre(path), { bootId: 'second', durability: 'full' })
  expect((await broker.history('news:a', kept, { limit: 0 })).epoch).toBe(epoch)
})

test('where boots have no names, every end but a good one counts as the end of the machine', async () => {
  const { epoch, path, broker } = await written({ bootId: null })
  const after = await open(asTheyAre(path), { bootId: null })
  expect((await after.history('news:a', kept, { limit: 0 })).epoch).not.toBe(epoch)
  await broker[Symbol.asyncDispose]()
  const again = await open(path, { bootId: null })
  expect((await again.history('news:a', kept, { limit: 0 })).epoch).toBe(epoch)
})

/** Two publications in one channel, and another that has only been read. */
async function written(options: Partial<MemoryBrokerOptions>) {
  const path = join(temporaryFolder(), 'carillon.sqlite')
  const broker = await open(path, options)
  for (const data of ['1', '2']) await broker.publish('news:a', kept, { data })
  const { epoch } = await broker.history('news:a', kept, { limit: 0 })
  return { path, broker, epoch, unread: (await broker.history('news:b', kept, { limit: 0 })).epoch }
}

/** What the next start finds when there was no time to close anything. */
function asTheyAre(path: string): string {
  const copy = join(temporaryFolder(), 'carillon.sqlite')
  for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end)
  return copy
}

async function open(path: string, options: Partial<MemoryBrokerOptions>) {
  await using store = await openStore({ path })
  const broker = createMemoryBroker({ store, log: pino({ level: 'silent' }), ...options })
  onTestFinished(() => broker[Symbol.asyncDispose]())
  return broker
}
