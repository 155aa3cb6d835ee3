import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connectRequest, subscribeRequest } from '#protocol/client-protocol.ts'
import { usualRequest } from './usual-request.ts'

const schemas = { connect: connectRequest, subscribe: subscribeRequest }
const fields = [...new Set([...Object.keys(connectRequest.shape), ...Object.keys(subscribeRequest.shape)]), '__proto__']

/** Values that are right for some field, and those just beside. */
const value = fc.oneof(
  fc.constantFrom<unknown>(true, false, null, 0, 1, -1, 2, 0.5, 2 ** 53, '', 'news', 'fossil', [], {}, ['news']),
  fc.constantFrom(64, 65, 16_384, 16_385).map((length) => 'x'.repeat(length)),
)
const usualFields = { connect: { token: value, name: value }, subscribe: { channel: value, recover: value } }
const requestsOf = (name: keyof typeof schemas) =>
  fc
    .tuple(
      fc.record<Record<string, unknown>>(usualFields[name], { requiredKeys: [] }),
      fc.dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), value, { maxKeys: 2 }),
    )
    .map(([some, others]) => JSON.parse(JSON.stringify({ ...some, ...others })) as unknown)

test.each(['connect', 'subscribe'] as const)('a %s request taken for usual is what its schema makes of it', (name) => {
  let taken = 0
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: requestsOf(name) }, value), (request) => {
      const usual = usualRequest(name, request)
      if (usual === null) return
      taken += 1
      expect(schemas[name].safeParse(request)).toEqual({ success: true, data: usual })
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(50)
})

test('what clients usually send is taken', () => {
  const connects = [{}, { token: 'tkt_x' }, { token: 'x', name: 'js', version: '5.5.2' }]
  const subscribes = [
    { channel: 'news' },
    { channel: 'news', token: 'x', recover: true, offset: 5, epoch: 'abc' },
    { channel: 'news', positioned: true, recoverable: true, join_leave: true, flag: 1 },
  ]
  for (const request of connects) expect(usualRequest('connect', request)).toBe(request)
  for (const request of subscribes) expect(usualRequest('subscribe', request)).toBe(request)
})

test('for what is less usual the schema is asked', () => {
  for (const request of [{ data: 1 }, { subs: {} }, { token: 'x'.repeat(16_385) }, { unknown: 1 }, null, [], 'x'])
    expect(usualRequest('connect', request)).toBeNull()
  for (const request of [
    {},
    { channel: 1 },
    { channel: 'news', offset: -1 },
    { channel: 'news', tf: {} },
    { channel: 'n', delta: 'fossil' },
  ])
    expect(usualRequest('subscribe', request)).toBeNull()
})
