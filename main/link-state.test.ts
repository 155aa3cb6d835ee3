import { expect, test } from 'vitest'
import { beginLink, step } from './link-state.ts'

const refused = { type: 'failed', code: 'server_unreachable', message: 'Nothing listens there.' } as const

test('a link connects, is lost and comes back', () => {
  const online = step(beginLink(100), { type: 'connected', at: 150 })
  expect(online).toEqual({ phase: 'online', since: 150 })
  const lost = step(online, { type: 'lost', at: 900 })
  expect(lost).toMatchObject({ phase: 'offline', since: 900, code: 'connection_lost' })
  expect(step(lost, { type: 'connected', at: 2000 })).toEqual({ phase: 'online', since: 2000 })
})

test('however often coming back fails, it is offline since it was last online', () => {
  let link = step(step(beginLink(0), { type: 'connected', at: 1 }), { type: 'lost', at: 900 })
  for (let attempt = 0; attempt < 5; attempt++) link = step(link, refused)
  expect(link).toEqual({ phase: 'offline', since: 900, code: 'server_unreachable', message: 'Nothing listens there.' })
  expect(step(link, { type: 'lost', at: 5000 })).toBe(link)
})

test('a link that never was online is offline since it began to try', () => {
  expect(step(beginLink(100), refused)).toMatchObject({ phase: 'offline', since: 100, code: 'server_unreachable' })
})

test('the reason follows what is found out later', () => {
  const link = step(beginLink(100), refused)
  expect(step(link, { type: 'failed', code: 'not_carillon', message: 'A router.' })).toEqual({
    phase: 'offline',
    since: 100,
    code: 'not_carillon',
    message: 'A router.',
  })
})

test('what changes nothing is the same state, so that nobody is told twice', () => {
  const offline = step(beginLink(100), refused)
  expect(step(offline, refused)).toBe(offline)
  const online = step(offline, { type: 'connected', at: 200 })
  expect(step(online, { type: 'connected', at: 300 })).toBe(online)
  expect(step(online, refused)).toBe(online)
})
