import { expect, test } from 'vitest'
import { closeReason } from './close-reason.ts'

test.each([
  ['nothing', undefined, { code: 3503, reason: 'force disconnect' }],
  ['code 0', { code: 0, reason: '' }, { code: 3503, reason: 'force disconnect' }],
  ['an application code', { code: 4000, reason: 'moved' }, { code: 4000, reason: 'moved' }],
  ['no reason', { code: 4999, reason: '' }, { code: 4999, reason: 'disconnected by the application' }],
  ['come back', { code: 3011, reason: 'x' }, { code: 3011, reason: 'force reconnect' }],
])('%s', (_what, given, reason) => {
  expect(closeReason(given)).toEqual({ ok: true, reason })
})

test.each([
  ['a code of WebSocket itself', { code: 1000, reason: 'x' }],
  ['a code of the protocol', { code: 3001, reason: 'x' }],
  ['a code beyond all ranges', { code: 5000, reason: 'x' }],
  ['a reason that is too long', { code: 4000, reason: 'ä'.repeat(62) }],
  ['a reason that is JSON', { code: 4000, reason: '{"code":1}' }],
])('%s is refused with a sentence', (_what, given) => {
  expect(closeReason(given)).toEqual({ ok: false, message: expect.stringMatching(/\.$/) })
})
