import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Identity } from '#server/auth/identity.ts'
import { newEpoch } from '#server/broker/epoch.ts'
import { historyPolicy } from '#server/realtime/access.ts'
import { createFaultyBroker, type FaultyBroker } from '../support/faulty-broker.ts'
import { createFollower, type Follower, type Place } from '../support/follower.ts'
import { judge, type Promised } from '../support/judge.ts'
import { person, type RealtimeRig, rigNamespaces, startRealtime } from '../support/realtime-rig.ts'

/**
 * Random interleavings of what clients, publishers and an unreliable engine may do, against the promises of the
 * protocol: nothing lost, nothing twice, nothing out of order, or the client was told. Longer:
 * CARILLON_PROMISES_SECONDS=300, and the same again with the seed that a failure prints: CARILLON_PROMISES_SEED.
 */
const seconds = Number(process.env.CARILLON_PROMISES_SECONDS ?? 3)
const seed = process.env.CARILLON_PROMISES_SEED

const doors = { key: 'kind', cmp: 'eq', val: 'door' } as const
const isDoor: Promised['isWanted'] = (tags) => tags?.kind === 'door'
const isAny: Promised['isWanted'] = () => true

const variants = [
  { title: 'plain', namespace: 'small', kind: 'stream', isWanted: isAny },
  { title: 'a tag filter', namespace: 'filtered', kind: 'stream', isWanted: isDoor, filter: doors },
  { title: 'deltas', namespace: 'delta', kind: 'stream', isWanted: isAny, deltas: true },
  { title: 'only the newest', namespace: 'cache', kind: 'newest', isWanted: isAny },
  { title: 'the newest with a tag', namespace: 'cache', kind: 'newest', isWanted: isDoor, filter: doors },
  { title: 'positions only', namespace: 'placed', kind: 'stream', isWanted: isAny },
  { title: 'no history', namespace: 'open', kind: 'passing', isWanted: isAny },
] as const

const clients = 3
/** Publications that are later than this count as lost. */
const graceMs = 50
const who = fc.nat(clients - 1)
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      kinds: fc.array(fc.constantFrom('door', 'lamp'), { minLength: 1, maxLength: 4 }),
      isKept: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('subscribe', 'subscribe', 'unsubscribe', 'cut', 'serverSubscribe', 'serverUnsubscribe'),
      who,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('hold' as const), when: fc.constantFrom('before', 'after', null) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('way' as const), to: fc.constantFrom('open', 'late', 'late', 'cut') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('away' as const), how: fc.constantFrom('refusing', 'lost', null, null) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('settle', 'turn', 'passOne', 'arriveOne') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('trim', 'resumed') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('loseData') }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const one: Step = { do: 'publish', kinds: ['door'], isKept: true, wait: true }
/** History ahead of the fan-out. */
const ahead: readonly Step[] = [
  { do: 'subscribe', who: 0 },
  { do: 'settle' },
  one,
  { do: 'way', to: 'late' },
  one,
  { do: 'subscribe', who: 1 },
  { do: 'settle' },
]
/** Where it begins, so that what takes several steps is not left to chance. */
const beginning = fc.constantFrom<readonly Step[]>(
  [],
  [{ do: 'subscribe', who: 0 }, { do: 'subscribe', who: 1 }, { do: 'settle' }, one],
  ahead,
  // One who was there and comes back.
  [{ do: 'subscribe', who: 0 }, { do: 'settle' }, one, { do: 'hold', when: 'after' }, { do: 'cut', who: 0 }, one],
)

/** What went wrong once. */
const onceWrong: [readonly Step[], Step[]][] = [
  [ahead, [{ do: 'unsubscribe', who: 0 }, { do: 'settle' }, { do: 'way', to: 'open' }, one]],
  [ahead, [one, { do: 'unsubscribe', who: 0 }, { do: 'subscribe', who: 2 }, { do: 'settle' }]],
  [ahead, [{ ...one, isKept: false }, { do: 'way', to: 'open' }, one]],
  [
    [{ do: 'subscribe', who: 0 }],
    [{ do: 'settle' }, { do: 'cut', who: 0 }, one, { ...one, kinds: Array(6).fill('lamp') }],
  ],
]

for (const variant of variants) {
  test(
    `${variant.title}: nothing is lost, repeated or out of order without being told`,
    async () => {
      const faults = createFaultyBroker()
      const rig = await startRealtime({
        through: faults.through,
        limits: { positionCheckMs: 60_000, positionGraceMs: graceMs, shutdownSpreadMs: 0 },
      })
      let run = 0
      await fc.assert(
        fc.asyncProperty(beginning, fc.array(step, { maxLength: 40 }), async (begin, steps) => {
          const channel = `${variant.namespace}:${++run}`
          await play({ rig, faults, channel, run, variant }, [...begin, ...steps])
        }),
        {
          interruptAfterTimeLimit: seconds * 1000,
          numRuns: Number.POSITIVE_INFINITY,
          endOnFailure: false,
          examples: onceWrong,
          ...(seed !== undefined && { seed: Number(seed) }),
        },
      )
      expect(run).toBeGreaterThan(seconds)
    },
    (seconds + 60) * 1000,
  )
}

interface Stage {
  readonly rig: RealtimeRig
  readonly faults: FaultyBroker
  readonly channel: string
  readonly run: number
  readonly variant: (typeof variants)[number]
}

async function play(stage: Stage, steps: readonly Step[]): Promise<void> {
  const { rig, faults, channel, run, variant } = stage
  const people = Array.from({ length: clients }, (_, n) => person(`ada-${run}-${n}`))
  const followers = people.map((identity) =>
    createFollower({
      ...{ url: rig.url, token: () => rig.identities.token(identity), channel },
      ...('filter' in variant && { filter: variant.filter }),
      ...('deltas' in variant && { deltas: variant.deltas }),
    }),
  )
  const publishing: Promise<unknown>[] = []
  const begun = performance.now()
  const publisher = createPublisher(stage)
  let isCalm = !steps.some(
    (each) => each.do === 'loseData' || each.do === 'resumed' || (each.do === 'way' && each.to === 'cut'),
  )
  try {
    for (const each of steps) {
      switch (each.do) {
        case 'publish': {
          const published = Promise.all(each.kinds.map((kind) => publisher.publish(kind, each.isKept)))
          publishing.push(published)
          await (each.wait ? Promise.race([published, turns(20)]) : turns(0))
          break
        }
        case 'hold':
          faults.hold(each.when)
          break
        case 'way':
          faults.way(each.to)
          break
        case 'away':
          faults.away(each.how)
          break
        case 'settle':
          await until(() => followers.every(({ isSettled }) => isSettled), 20)
          break
        case 'turn':
          await turns(1)
          break
        case 'passOne':
        case 'arriveOne':
        case 'resumed':
          faults[each.do]()
          break
        case 'trim':
          await rig.broker.removeHistory(channel)
          break
        case 'loseData':
          loseData(rig, channel)
          break
        default:
          if ('who' in each) act(rig, channel, each.do, people[each.who], followers[each.who])
      }
    }
    if (performance.now() - begun > graceMs / 2) isCalm = false
    faults.away(null)
    faults.hold(null)
    faults.way('open')
    await within(Promise.all(publishing), 'publishing')
    if (variant.kind !== 'passing') faults.resumed()
    await comeToRest(stage, followers, publisher)
    const taken = faults.taken.get(channel) ?? []
    const wrong = followers.flatMap(({ journal, violations }, n) =>
      [...violations, ...judge(journal, taken, { ...variant, isCalm })].map((what) => `client ${n}: ${what}`),
    )
    expect(wrong, JSON.stringify(followers.map(({ journal }) => journal))).toEqual([])
    publisher.judge(taken)
  } finally {
    faults.away(null)
    faults.hold(null)
    faults.way('open')
    for (const follower of followers) follower[Symbol.dispose]()
    faults.taken.delete(channel)
  }
}

function act(
  { realtime }: RealtimeRig,
  channel: string,
  what: string,
  whom: Identity | undefined,
  follower: Follower | undefined,
): void {
  if (!whom || !follower) return
  if (what === 'subscribe') follower.subscribe()
  else if (what === 'unsubscribe') follower.unsubscribe()
  else if (what === 'cut') follower.cut()
  else if (what === 'serverSubscribe') void realtime.steering.subscribe({ user: whom.userId, channel })
  else if (what === 'serverUnsubscribe') void realtime.steering.unsubscribe({ user: whom.userId, channel })
}

type Publisher = ReturnType<typeof createPublisher>

/** As a service with patience does: what was not acknowledged is sent again with the same key. */
function createPublisher({ rig, channel, variant }: Stage) {
  const by: Identity = { kind: 'local', userId: 'local', name: 'the test', role: 'admin' }
  const acknowledged: { data: string; offset: number; epoch: string }[] = []
  let count = 0

  return {
    async publish(kind: string, isKept: boolean) {
      count += 1
      const data = { n: count, kind, text: `é🔔 ${kind} `.repeat(count % 7) }
      const call = { channel, data, tags: { kind }, idempotencyKey: `${count}`, skipHistory: !isKept }
      for (;;) {
        const outcome = await rig.realtime.publish(by, call)
        if (outcome.ok) {
          acknowledged.push({ data: JSON.stringify(data), offset: outcome.offset, epoch: outcome.epoch })
          return outcome
        }
        await turns(2)
      }
    },
    /** An acknowledgement is the truth. */
    judge(taken: readonly { data: string; offset: number; epoch: string }[]) {
      const places = new Map(taken.map(({ epoch, offset, data }) => [`${epoch} ${offset} ${data}`, true]))
      const made = acknowledged.filter(({ epoch, offset, data }) => !places.has(`${epoch} ${offset} ${data}`))
      expect(made, 'acknowledged and not taken').toEqual([])
      if (variant.kind === 'passing') return
      const offsets = taken.filter(({ offset }) => offset > 0).map(({ epoch, offset }) => `${epoch} ${offset}`)
      expect(new Set(offsets).size, 'two publications in one place').toBe(offsets.length)
    },
  }
}

/** Everybody who wants to be subscribed is, and has what there is; and then the one publication that is for everybody. */
async function comeToRest(stage: Stage, followers: readonly Follower[], publisher: Publisher): Promise<void> {
  const { rig, channel, variant } = stage
  const show = () => JSON.stringify(followers)
  await until(
    () => followers.every(({ isSettled }) => isSettled),
    3_000,
    () => `no rest: ${show()}`,
  )
  if (variant.kind === 'passing') return
  const policy = rigNamespaces.find(({ name }) => name === variant.namespace)
  if (!policy) throw new Error('no such namespace')
  const top = await rig.broker.history(channel, historyPolicy(policy), { limit: 0 })
  if (variant.isWanted === isAny) await everybodyAt(top)
  await everybodyAt(await publisher.publish('door', true))

  async function everybodyAt({ offset, epoch }: Place): Promise<void> {
    const isThere = ({ place, isSettled }: Follower) =>
      isSettled && (place === null || (place.offset === offset && place.epoch === epoch))
    await until(
      () => followers.every(isThere),
      3_000,
      () => `not at ${offset} of ${epoch}: ${show()}`,
    )
  }
}

/** The stream begins again with nothing, in another life, as it does where an engine lost what it had. */
function loseData({ path }: RealtimeRig, channel: string): void {
  const database = new DatabaseSync(path)
  database
    .prepare('delete from publications where stream_id in (select id from streams where channel = ?)')
    .run(channel)
  database.prepare('update streams set epoch = ?, top = 0, floor = 0 where channel = ?').run(newEpoch(), channel)
  database.close()
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n <= count; n++) await new Promise(setImmediate)
}

/** With a complaint, it is an error when the time is up. */
async function until(isSo: () => boolean, ms: number, complaint?: () => string): Promise<void> {
  const deadline = performance.now() + ms
  while (!isSo()) {
    if (performance.now() > deadline) {
      if (complaint) throw new Error(complaint())
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end`)), 5_000)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
