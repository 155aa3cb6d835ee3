import { expect, test } from 'vitest'
import type { Broker, BrokerListener, HistoryPolicy, HistoryQuery, Publication } from '#server/broker/broker.ts'

export const kept: HistoryPolicy = { size: 1000, ttlSeconds: 3600 }
export const notKept: HistoryPolicy = { size: 0, ttlSeconds: 0 }
export const deaf: BrokerListener = { publication() {}, announcement() {}, resumed() {} }

export interface Told {
  readonly channel: string
  readonly publication: Publication
  readonly epoch: string
}

/** A broker that keeps nothing from before, subscribed to `channels`, and what its listener has been told. */
export type OpenBroker = (
  channels?: readonly string[],
) => Promise<{ readonly broker: Broker; readonly told: readonly Told[] }>

/** Publishes the numbers from 1 on, all at once. Answers the last position. */
export async function publishMany(broker: Broker, count: number, policy = kept, channel = 'news:a') {
  const all = Array.from({ length: count }, (_, n) => broker.publish(channel, policy, { data: `${n + 1}` }))
  const last = (await Promise.all(all)).at(-1)
  if (!last) throw new Error('nothing was published')
  return last
}

/** What every broker does, whatever is behind it. */
export function describeBroker(open: OpenBroker): void {
  test('offsets count up from one, in the order of publishing, and so does what listeners are told', async () => {
    const { broker, told } = await open(['news:a'])
    const answers = await Promise.all([1, 2, 3].map((n) => broker.publish('news:a', kept, { data: `${n}` })))
    expect(answers.map(({ offset }) => offset)).toEqual([1, 2, 3])
    await expect
      .poll(() => told.map(({ channel, publication, epoch }) => [channel, publication.offset, publication.data, epoch]))
      .toEqual([1, 2, 3].map((n) => ['news:a', n, `${n}`, answers[0]?.epoch]))
  })

  test('a channel without history has offset 0, and nothing to read', async () => {
    const { broker, told } = await open(['telemetry:a'])
    const answer = await broker.publish('telemetry:a', notKept, { data: '1' })
    expect(answer).toEqual({ offset: 0, epoch: '', duplicate: false })
    await expect.poll(() => told.map(({ publication }) => publication.data)).toEqual(['1'])
    const page = await broker.history('telemetry:a', notKept, { limit: 10 })
    expect(page).toEqual({ publications: [], offset: 0, epoch: '' })
  })

  test('data, tags and the publisher arrive and are kept as they were, whatever is in them', async () => {
    const { broker, told } = await open(['news:a', 'telemetry:a'])
    const data = JSON.stringify({ text: 'Grüße 🔔 :{}\u0000"', deep: [1, { a: null }] })
    const info = { user: 'ada', client: 'c1', connInfo: '{"x":":"}', chanInfo: '"ü"' }
    const publication = { data, tags: { kind: 'door', größe: ':🔔:' }, info }
    const before = Date.now()
    await broker.publish('news:a', kept, publication)
    await broker.publish('telemetry:a', notKept, publication)
    await expect.poll(() => told).toHaveLength(2)
    const { publications } = await broker.history('news:a', kept, { limit: 1 })
    for (const one of [...publications, ...told.map((each) => each.publication)]) {
      expect(one).toMatchObject(publication)
      expect(Math.abs(one.time - before)).toBeLessThan(5_000)
    }
    await broker.publish('news:a', kept, { data: '""' })
    const [bare] = (await broker.history('news:a', kept, { limit: 1, reverse: true })).publications
    expect(bare).toMatchObject({ data: '""', tags: null, info: null })
  })

  test('opening a stream and publishing at the same time agree on epoch and top', async () => {
    const { broker } = await open()
    const [page, { epoch }] = await Promise.all([
      broker.history('news:a', kept, { limit: 10 }),
      broker.publish('news:a', kept, { data: '1' }),
    ])
    expect(page.epoch).toBe(epoch)
    expect(epoch).toMatch(/^[A-Za-z]{8}$/)
    expect(page.publications).toHaveLength(page.offset)
  })

  test('history answers after, before, newest first, limited by number and by bytes', async () => {
    const { broker } = await open()
    const { epoch } = await publishMany(broker, 10)
    const offsets = async (query: HistoryQuery) =>
      (await broker.history('news:a', kept, query)).publications.map(({ offset }) => offset)
    expect(await offsets({ limit: 0 })).toEqual([])
    expect(await offsets({ limit: 3 })).toEqual([1, 2, 3])
    expect(await offsets({ limit: 3, reverse: true })).toEqual([10, 9, 8])
    expect(await offsets({ limit: 3, since: { offset: 4, epoch } })).toEqual([5, 6, 7])
    expect(await offsets({ limit: 3, since: { offset: 4, epoch }, reverse: true })).toEqual([3, 2, 1])
    expect(await offsets({ limit: 3, since: { offset: 4, epoch: '' } })).toEqual([5, 6, 7])
    expect(await offsets({ limit: 3, since: { offset: 4, epoch: 'another' } })).toEqual([])
    expect(await offsets({ limit: 3, since: { offset: 10, epoch } })).toEqual([])
    expect(await offsets({ limit: 3, since: { offset: 99, epoch } })).toEqual([])
    expect(await offsets({ limit: 10, maxBytes: 2 })).toEqual([1, 2, 3])
    expect(await offsets({ limit: 10, maxBytes: 2, reverse: true })).toEqual([10, 9])
  })

  test('a long history is read whole, in both directions', async () => {
    const { broker } = await open()
    await publishMany(broker, 333)
    const all = Array.from({ length: 333 }, (_, n) => n + 1)
    const forwards = await broker.history('news:a', kept, { limit: 1000 })
    expect(forwards.publications.map(({ offset }) => offset)).toEqual(all)
    const backwards = await broker.history('news:a', kept, { limit: 1000, reverse: true })
    expect(backwards.publications.map(({ offset }) => offset)).toEqual(all.toReversed())
  })

  test('what is beyond the size is invisible at once, and top and epoch go on', async () => {
    const { broker } = await open()
    const policy = { size: 3, ttlSeconds: 60 }
    const { epoch } = await publishMany(broker, 5, policy)
    const offsets = async (size: number) =>
      (await broker.history('news:a', { ...policy, size }, { limit: 10 })).publications.map(({ offset }) => offset)
    expect(await offsets(3)).toEqual([3, 4, 5])
    expect(await offsets(2)).toEqual([4, 5])
    expect(await broker.publish('news:a', policy, { data: '6' })).toMatchObject({ offset: 6, epoch })
    expect(await offsets(3)).toEqual([4, 5, 6])
  })

  test('what is too old is invisible, and top and epoch go on', async () => {
    const { broker } = await open()
    const policy = { size: 10, ttlSeconds: 1 }
    const { epoch } = await publishMany(broker, 3, policy)
    const read = () => broker.history('news:a', policy, { limit: 10 })
    await expect.poll(read).toEqual({ publications: [], offset: 3, epoch })
    const long = { ...policy, ttlSeconds: 60 }
    expect(await broker.publish('news:a', long, { data: '4' })).toMatchObject({ offset: 4, epoch })
    expect((await broker.history('news:a', policy, { limit: 10 })).publications.map(({ data }) => data)).toEqual(['4'])
  })

  test('removing history leaves epoch and top', async () => {
    const { broker } = await open()
    const { epoch } = await publishMany(broker, 3)
    await broker.removeHistory('news:a')
    expect(await broker.history('news:a', kept, { limit: 10 })).toEqual({ publications: [], offset: 3, epoch })
    expect(await broker.publish('news:a', kept, { data: '4' })).toMatchObject({ offset: 4, epoch })
    const { publications } = await broker.history('news:a', kept, { limit: 10 })
    expect(publications.map(({ offset }) => offset)).toEqual([4])
  })

  test('a key publishes once in its channel while the first is kept', async () => {
    const { broker, told } = await open(['news:a', 'news:b'])
    const policy = { size: 3, ttlSeconds: 3600 }
    const publish = (channel = 'news:a') => broker.publish(channel, policy, { data: '1', idempotencyKey: 'k1' })
    const [first, twin] = await Promise.all([publish(), publish()])
    expect([first, twin]).toEqual([
      { offset: 1, epoch: first.epoch, duplicate: false },
      { offset: 1, epoch: first.epoch, duplicate: true },
    ])
    expect(await publish('news:b')).toMatchObject({ offset: 1, duplicate: false })
    await expect.poll(() => told).toHaveLength(2)
    await publishMany(broker, 1, policy)
    expect(await publish()).toMatchObject({ offset: 1, duplicate: true })
  })

  test('a key publishes once where nothing is kept', async () => {
    const { broker, told } = await open(['telemetry:a'])
    const publish = (key: string) => broker.publish('telemetry:a', notKept, { data: '1', idempotencyKey: key })
    expect([(await publish('k')).duplicate, (await publish('k')).duplicate]).toEqual([false, true])
    expect((await publish('another')).duplicate).toBe(false)
    await expect.poll(() => told).toHaveLength(2)
  })

  test('a version that is not higher is a duplicate and reaches nobody; another version epoch starts anew', async () => {
    const { broker, told } = await open(['news:a'])
    const publish = async (version: number, versionEpoch = 'a') => {
      const { offset, duplicate } = await broker.publish('news:a', kept, { data: `${version}`, version, versionEpoch })
      return duplicate ? 'duplicate' : offset
    }
    expect(await publish(9)).toBe(1)
    expect(await publish(9)).toBe('duplicate')
    expect(await publish(10)).toBe(2)
    expect(await publish(2 ** 40)).toBe(3)
    expect(await publish(11)).toBe('duplicate')
    expect(await publish(1, 'b')).toBe(4)
    await publishMany(broker, 1)
    expect(await broker.publish('news:a', kept, { data: '1', version: 1, versionEpoch: 'b' })).toMatchObject({
      offset: 5,
    })
    expect(await publish(1, 'b')).toBe('duplicate')
    await expect.poll(() => told).toHaveLength(5)
  })

  test('presence belongs to a client in a channel', async () => {
    const { broker } = await open()
    await broker.addPresence('news:a', { user: 'ada', client: '1' })
    await broker.addPresence('news:a', { user: 'ada', client: '2', connInfo: '{"n":1}' })
    await broker.removePresence('news:a', '1')
    await broker.removePresence('news:a', '1')
    expect(await broker.presence('news:a')).toEqual([{ user: 'ada', client: '2', connInfo: '{"n":1}' }])
    expect(await broker.presence('news:b')).toEqual([])
  })

  test('joins and leaves are announced to whoever listens', async () => {
    const { broker } = await open(['talk:a'])
    const heard: unknown[] = []
    broker.listen({ ...deaf, announcement: (...each) => void heard.push(each) })
    const info = { user: 'ada', client: '1', chanInfo: '"x"' }
    await broker.announce('talk:a', 'join', info)
    await broker.announce('talk:a', 'leave', info)
    await expect
      .poll(() => heard)
      .toEqual([
        ['talk:a', 'join', info],
        ['talk:a', 'leave', info],
      ])
  })

  test('one listener that throws keeps nothing from the others', async () => {
    const { broker } = await open(['news:a'])
    const heard: number[] = []
    const publication = () => {
      throw new Error('a fault of its own')
    }
    broker.listen({ ...deaf, publication })
    broker.listen({ ...deaf, publication: (_channel, { offset }) => heard.push(offset) })
    await publishMany(broker, 2)
    await expect.poll(() => heard).toEqual([1, 2])
  })

  test('after closing everything is refused', async () => {
    const { broker } = await open()
    await broker[Symbol.asyncDispose]()
    await expect(broker.publish('news:a', kept, { data: '2' })).rejects.toMatchObject({ code: 'closed' })
    await expect(broker.publish('telemetry:a', notKept, { data: '2' })).rejects.toMatchObject({ code: 'closed' })
  })
}
