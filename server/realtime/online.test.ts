import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Identity } from '#server/auth/identity.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { linkBuses } from '#test/support/linked-buses.ts'
import { device, person } from '#test/support/realtime-rig.ts'
import { createOnline } from './online.ts'
import type { OnlineListener } from './registry.ts'

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] }),
)
afterEach(() => void vi.useRealTimers())

const offlineMs = 5_000
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('a user is online with the first connection and offline some time after the last', async () => {
  const { a, told } = installation()
  a.came('ada')
  await pass(100)
  const left = Date.now()
  a.left('ada')
  await pass(offlineMs - 1)
  expect(told).toEqual(['online ada'])
  await pass(1)
  expect(told).toEqual(['online ada', 'offline ada'])
  expect(a.times.at(-1)).toBe(left)
})

test('who comes back in time has never been away', async () => {
  const { a, told } = installation()
  a.came('ada')
  for (let round = 0; round < 5; round++) {
    a.left('ada')
    await pass(offlineMs - 1)
    a.came('ada')
    await pass(1_000)
  }
  expect(told).toEqual(['online ada'])
  a.left('ada')
  await pass(offlineMs)
  a.came('ada')
  await pass(100)
  expect(told).toEqual(['online ada', 'offline ada', 'online ada'])
})

test('somebody without a name is nobody in particular', async () => {
  const { a, told } = installation()
  a.came('')
  a.left('')
  await pass(offlineMs)
  expect(told).toEqual([])
})

test('a user of two nodes is offline when both have lost it, and it is told once', async () => {
  const { a, b, told } = installation()
  await pass(100)
  a.came('ada')
  await pass(100)
  b.came('ada')
  await pass(100)
  a.left('ada')
  await pass(2 * offlineMs)
  expect([a.online.isOnline('ada'), b.online.isOnline('ada'), told]).toEqual([true, true, ['online ada']])
  b.left('ada')
  await pass(2 * offlineMs)
  expect([a.online.isOnline('ada'), b.online.isOnline('ada'), told]).toEqual([
    false,
    false,
    ['online ada', 'offline ada'],
  ])
})

test('who moves from one node to another was never away', async () => {
  const { a, b, told } = installation()
  await pass(100)
  a.came('ada')
  await pass(100)
  a.left('ada')
  await pass(1_000)
  b.came('ada')
  await pass(2 * offlineMs)
  expect(told).toEqual(['online ada'])
})

test('coming to two nodes in the same moment, and leaving both, is told once each', async () => {
  const { a, b, told } = installation()
  await pass(100)
  a.came('ada')
  b.came('ada')
  await pass(100)
  expect(told).toEqual(['online ada'])
  a.left('ada')
  b.left('ada')
  await pass(2 * offlineMs)
  expect(told).toEqual(['online ada', 'offline ada'])
})

test('the users of a node that died are offline once the others have noticed, except who came to them', async () => {
  const { a, b, buses, told } = installation()
  await pass(100)
  b.came('ada')
  b.came('box-1', device('box-1'))
  await pass(100)
  buses.kill('b')
  await pass(6_000)
  a.came('ada')
  await pass(20_000)
  expect(told).toEqual(['online ada', 'online box-1', 'offline box-1'])
  expect(a.online.isOnline('box-1')).toBe(false)
  expect(a.people.at(-1)).toEqual({
    user: 'box-1',
    name: 'box-1',
    device: { id: 'id-of-box-1', name: 'box-1' },
    time: expect.any(Number),
  })
  buses.restore('b')
  await pass(10_000)
  expect(told.slice(3)).toEqual(['online box-1'])
  expect(a.online.isOnline('box-1')).toBe(true)
})

test('a node that comes later learns who is on the others', async () => {
  const { a, join, told } = installation()
  a.came('ada')
  await pass(100)
  const late = join('late')
  await pass(100)
  expect(late.online.isOnline('ada')).toBe(true)
  late.came('ada')
  await pass(100)
  expect(told).toEqual(['online ada'])
})

test('what nodes agree in being away, users are told of all the same', async () => {
  const told: string[] = []
  const buses = linkBuses()
  const away = { count: () => Promise.reject(new Error('away')) }
  const [a, b] = ['a', 'b'].map((name) => createNode(name, buses, away, told))
  await pass(100)
  a?.came('ada')
  b?.came('bob')
  await pass(100)
  expect(told).toEqual(['online ada', 'online bob'])
})

test('the only node tells of those who are leaving when it stops', async () => {
  const { a, told } = installation(['a'])
  a.came('ada')
  await pass(100)
  a.left('ada')
  await a.online[Symbol.asyncDispose]()
  expect(told).toEqual(['online ada', 'offline ada'])
})

function installation(names: readonly string[] = ['a', 'b']) {
  const buses = linkBuses()
  const ephemeral = createMemoryEphemeral()
  const told: string[] = []
  const join = (name: string) => createNode(name, buses, ephemeral, told)
  const [a, b] = names.map(join)
  if (!a) throw new Error('an installation has a node')
  return { a, b: b ?? a, buses, told, join }
}

function createNode(
  name: string,
  buses: ReturnType<typeof linkBuses>,
  ephemeral: Parameters<typeof createOnline>[0]['ephemeral'],
  told: string[],
) {
  const connected = new Set<string>()
  const times: number[] = []
  const people: unknown[] = []
  let listener: OnlineListener = () => {}
  const online = createOnline({
    bus: buses.join(name),
    ephemeral,
    registry: {
      isOnline: (user) => connected.has(user),
      onPresence(added) {
        listener = added
        return () => {}
      },
    },
    log: pino({ level: 'silent' }),
    clock: Date.now,
    offlineMs,
    onChange(change, who, time) {
      told.push(`${change} ${who.user}`)
      people.push({ ...who, time })
      times.push(time)
    },
  })
  return {
    online,
    times,
    people,
    came(user: string, identity = person(user)) {
      connected.add(user)
      listener({ identity: { ...identity, userId: user } as Identity, online: true })
    },
    left(user: string) {
      connected.delete(user)
      listener({ identity: person(user), online: false })
    },
  }
}
