import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFeed, type Received } from './feed.ts'

function event(offset: number, channel = 'news:general'): Received {
  return { channel, offset, data: { message: `number ${offset}` }, tags: {}, receivedAt: offset }
}

function manual() {
  const tasks: (() => void)[] = []
  return {
    schedule: (task: () => void) => tasks.push(task),
    run: () => {
      for (const task of tasks.splice(0)) task()
    },
    tasks,
  }
}

test('the newest event is first', () => {
  const clock = manual()
  const feed = createFeed(clock)
  feed.add(event(1))
  feed.add(event(2))
  clock.run()
  expect(feed.items().map(({ offset }) => offset)).toEqual([2, 1])
})

test('a burst of events makes one change', () => {
  const clock = manual()
  const feed = createFeed(clock)
  let changes = 0
  feed.subscribe(() => {
    changes += 1
  })
  for (let offset = 1; offset <= 500; offset += 1) feed.add(event(offset))
  expect(clock.tasks).toHaveLength(1)
  clock.run()
  expect(changes).toBe(1)
  expect(feed.items()).toHaveLength(500)
})

test('the list never grows over its limit, however events come, and keeps the newest', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 30 }), (bursts) => {
      const clock = manual()
      const feed = createFeed({ limit: 5, schedule: clock.schedule })
      let offset = 0
      for (const burst of bursts) {
        for (let one = 0; one < burst; one += 1) {
          offset += 1
          feed.add(event(offset))
        }
        clock.run()
      }
      const expected = Array.from({ length: Math.min(5, offset) }, (_, index) => offset - index)
      expect(feed.items().map((item) => item.offset)).toEqual(expected)
    }),
  )
})

test('what came in while history was read is not repeated', () => {
  const clock = manual()
  const feed = createFeed(clock)
  feed.add(event(3))
  feed.add(event(4))
  feed.fill([event(1), event(2), event(3)])
  expect(feed.items().map(({ offset }) => offset)).toEqual([4, 3, 2, 1])
  expect(new Set(feed.items().map(({ key }) => key)).size).toBe(4)
})

test('what is in the history and still on its way is shown once, in its place', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.nat(8), fc.nat(4), (before, between, after) => {
      const clock = manual()
      const feed = createFeed(clock)
      // The channel is followed after `before`; its history is read `between` later, and read here `after` that.
      const all = Array.from({ length: before + between + after }, (_, index) => event(index + 1))
      const live = all.slice(before)
      const early = live.slice(0, Math.floor(between / 2))
      for (const one of early) feed.add(one)
      feed.fill(all.slice(0, before + between))
      for (const one of live.slice(early.length)) feed.add(one)
      clock.run()
      expect(feed.items().map(({ offset }) => offset)).toEqual(all.map(({ offset }) => offset).toReversed())
    }),
  )
})

test('a history that begins again at the same offsets is another', () => {
  const clock = manual()
  const feed = createFeed(clock)
  feed.fill([event(1), event(2)])
  feed.add({ ...event(1), data: 'anew' })
  feed.add(event(2))
  clock.run()
  expect(feed.items().map(({ offset }) => offset)).toEqual([2, 1, 2, 1])
})

test('the same offset in two channels is two events', () => {
  const feed = createFeed(manual())
  feed.add(event(1, 'news:general'))
  feed.fill([event(1, 'news:sports')])
  expect(feed.items().map(({ channel }) => channel)).toEqual(['news:general', 'news:sports'])
})

test('offsets that start again after the server lost its history are shown', () => {
  const clock = manual()
  const feed = createFeed(clock)
  feed.add(event(1))
  feed.add({ ...event(1), receivedAt: 99 })
  clock.run()
  expect(feed.items()).toHaveLength(2)
})

test('a cleared list forgets what was still waiting', () => {
  const clock = manual()
  const feed = createFeed(clock)
  feed.add(event(1))
  feed.clear()
  clock.run()
  expect(feed.items()).toEqual([])
})
