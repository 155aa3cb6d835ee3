import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ZodError } from 'zod'
import { accessClaims, readAccessClaims, usualClaims } from './access-claims.ts'

const usual = { kind: 'user', role: 'viewer', iat: 1, exp: 301, jti: 'j', sub: 'u', sid: 's' }

/** Values that are right for some claim, and those just beside. */
const value = fc.oneof(
  fc.constantFrom<unknown>('user', 'device', 'key', 'grant', 'local', 'admin', 'viewer', 'root', '', 'User', 'user '),
  fc.constantFrom<unknown>(true, null, 0, -1, 1.5, 300, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e300, [], {}, ['user']),
)
const names = [...Object.keys(usual), 'key', 'grant', 'name', 'nbf', '__proto__', 'constructor', 'toString']
const payload = fc
  .tuple(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }), fc.subarray(names, { maxLength: 1 }))
  .map(([others, gone]) => {
    const claims = Object.entries({ ...usual, ...others }).filter(([name]) => !gone.includes(name))
    return JSON.parse(JSON.stringify(Object.fromEntries(claims))) as unknown
  })

test('claims taken for usual are what the schema makes of them, and the schema decides about all others', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: payload }, value), (claims) => {
      const quick = usualClaims(claims)
      const parsed = accessClaims.safeParse(claims)
      if (quick !== null) {
        taken += 1
        expect({ success: true, data: quick }).toEqual(parsed)
      }
      if (parsed.success) expect(readAccessClaims(claims)).toEqual(parsed.data)
      else expect(() => readAccessClaims(claims)).toThrow(ZodError)
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(500)
})

test('those of people and devices are usual', () => {
  for (const claims of [usual, { ...usual, kind: 'device', role: 'device', device: { id: 'd', name: 'Door' } }]) {
    expect(usualClaims(claims)).toEqual({ ...usual, kind: claims.kind, role: claims.role })
  }
})
