import { expect, test } from 'vitest'
import { authSettings, deviceSettings, sessionSettings } from './sign-ins.ts'

const day = 24 * 3600

test('browsers are signed out sooner than programs, and devices take a new credential every month', () => {
  expect(sessionSettings.parse({})).toEqual({
    idle: 7 * day,
    absolute: 30 * day,
    program_idle: 90 * day,
    program_absolute: 365 * day,
  })
  expect(deviceSettings.parse({})).toEqual({ rotate_after: 30 * day })
  expect(authSettings.parse({})).toEqual({ token_header: 'Authentication-Token' })
})

test.each([
  [sessionSettings, { idle: '12h', absolute: '1d' }],
  [sessionSettings, { program_idle: 3600 }],
  [deviceSettings, { rotate_after: 0 }],
  [authSettings, { token_header: null }],
  [authSettings, { token_header: 'X-Token' }],
])('%# is taken: %j', (schema, given) => {
  expect(schema.safeParse(given).success).toBe(true)
})

test.each([
  [sessionSettings, { idle: '4m' }, /from 5m/],
  [sessionSettings, { idle: '2d', absolute: '1d' }, /idle is not longer/],
  [sessionSettings, { program_idle: '400d' }, /program_idle is not longer/],
  [sessionSettings, { forever: true }, /forever/],
  [deviceSettings, { rotate_after: '5s' }, /from 1h/],
  [authSettings, { token_header: 'Authorization' }, /another meaning/],
  [authSettings, { token_header: 'two words' }, /name of a header/],
  [authSettings, { token_header: '' }, /name of a header/],
])('%# is refused: %j', (schema, given, sentence) => {
  expect(schema.safeParse(given).error?.issues[0]?.message).toMatch(sentence)
})
