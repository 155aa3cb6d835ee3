import { expect, test } from 'vitest'
import type { LinkState } from '#protocol/ipc.ts'
import { type LinkEvent, step } from './link-step.ts'

/** The state after events that come one second apart, from a page opened at 0. */
function after(...events: LinkEvent[]): LinkState {
  return events.reduce((link, event, index) => step(link, event, (index + 1) * 1000), {
    phase: 'connecting',
    since: 0,
  } as LinkState)
}

test('a socket that opens is online from then on', () => {
  expect(after({ kind: 'connected' })).toEqual({ phase: 'online', since: 1000 })
})

test('a first attempt that fails is offline since the page was opened', () => {
  expect(after({ kind: 'failed' }, { kind: 'failed' })).toMatchObject({
    phase: 'offline',
    since: 0,
    code: 'server_unreachable',
  })
})

test('a lost socket is offline since it was lost, however often it is tried again', () => {
  expect(after({ kind: 'connected' }, { kind: 'lost' }, { kind: 'failed' }, { kind: 'failed' })).toMatchObject({
    phase: 'offline',
    since: 2000,
    code: 'connection_lost',
  })
})

test('a socket that came back is online again', () => {
  expect(after({ kind: 'connected' }, { kind: 'lost' }, { kind: 'connected' })).toEqual({
    phase: 'online',
    since: 3000,
  })
})

test('a refused socket says why', () => {
  expect(after({ kind: 'connected' }, { kind: 'refused', reason: 'force disconnect' })).toEqual({
    phase: 'offline',
    since: 2000,
    code: 'refused',
    message: 'The server ended the connection: force disconnect.',
  })
})
