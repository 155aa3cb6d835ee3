import { expect, test } from 'vitest'
import type { Revoked } from './auth.ts'
import { createRecentHolders, recentMs } from './recent-holders.ts'
import type { CurrentSession, SessionIdentity, Sessions } from './sessions.ts'

const ada: SessionIdentity = {
  ...{ kind: 'user', userId: 'ada', sessionId: 's1', name: 'Ada', email: 'ada@example.org', role: 'viewer' },
}

test('who was given something is known once, for as long as a ticket lives', async () => {
  const { holders, forward } = start()
  await holders.remember('one', ada)
  await holders.remember('two', ada)
  expect(holders.take('one')).toEqual(ada)
  expect(holders.take('one')).toBeNull()
  forward(recentMs)
  expect(holders.take('two')).toBeNull()
})

test('whoever is revoked, everybody is read anew', async () => {
  const { holders, revoke } = start()
  await holders.remember('one', ada)
  revoke({ kind: 'session', sessionId: 'of somebody else' })
  expect(holders.take('one')).toBeNull()
  await holders.remember('one', ada)
  expect(holders.take('one')).toEqual(ada)
})

test('who may have been revoked while the records were read is not kept', async () => {
  const reading = Promise.withResolvers<CurrentSession | null>()
  const { holders, revoke } = start({ ofId: () => reading.promise })
  const remembering = holders.remember('one', ada)
  revoke({ kind: 'user', userId: 'ada', changed: true })
  reading.resolve(session(ada))
  await remembering
  expect(holders.take('one')).toBeNull()
})

test('what time will change is not kept beyond that', async () => {
  const { holders, forward } = start({ ofId: () => session(ada, 5_000) })
  await holders.remember('one', ada)
  await holders.remember('two', ada)
  forward(4_999)
  expect(holders.take('one')).toEqual(ada)
  forward(1)
  expect(holders.take('two')).toBeNull()
})

test('the records decide: a session that is none, or of somebody else, is not kept, nor is what has no session', async () => {
  let found: CurrentSession | null = null
  const { holders } = start({ ofId: () => found })
  await holders.remember('one', ada)
  found = session({ ...ada, userId: 'eve' })
  await holders.remember('two', ada)
  await holders.remember('three', { kind: 'key', userId: 'ada', keyId: 'k1' })
  for (const key of ['one', 'two', 'three']) expect(holders.take(key)).toBeNull()
})

test('so many are kept and no more, and of those the newest', async () => {
  const { holders, forward } = start()
  for (const key of ['one', 'two', 'three', 'four']) await holders.remember(key, ada)
  expect(holders.take('one')).toBeNull()
  forward(recentMs - 1)
  for (const key of ['two', 'three', 'four']) expect(holders.take(key)).toEqual(ada)
})

function start(sessions: Pick<Sessions, 'ofId'> = { ofId: () => session(ada) }) {
  let now = 0
  const listeners = new Set<(revoked: Revoked) => void>()
  const holders = createRecentHolders({
    sessions,
    revocation: {
      onRevoked(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    clock: () => now,
    maxKept: 3,
  })
  return {
    holders,
    revoke(revoked: Revoked) {
      for (const listener of listeners) listener(revoked)
    },
    forward: (ms: number) => {
      now += ms
    },
  }
}

function session(identity: SessionIdentity, unchangedUntil = Number.POSITIVE_INFINITY): CurrentSession {
  const times = { expiresAt: unchangedUntil, unchangedUntil, usedAt: 0, startedAt: 0 }
  return { identity, kind: 'browser', token: 'x', isSuccessor: false, ...times }
}
