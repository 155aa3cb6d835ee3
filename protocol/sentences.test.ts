import { expect, test } from 'vitest'
import { z } from 'zod'
import { channelName } from './channel.ts'
import { sentenceOf } from './sentences.ts'

const said = (schema: z.ZodType, input: unknown) =>
  schema.safeParse(input, { error: sentenceOf }).error?.issues.map(({ message }) => message)

test.each([
  [z.string().max(128), 'x'.repeat(129), 'Give at most 128 characters.'],
  [z.string().min(1), '', 'Give at least 1 character.'],
  [z.array(z.string()).max(20), Array(21).fill(''), 'Give at most 20 entries.'],
  [z.number().min(1), 0, 'Give at least 1.'],
  [z.number().gt(1), 1, 'Give more than 1.'],
  [z.int(), 1.5, 'Give a whole number.'],
  [z.string(), 7, 'Give text.'],
  [z.strictObject({ body: z.unknown() }), {}, 'Give this: any value.'],
  [z.boolean(), undefined, 'Give this: true or false.'],
  [z.enum(['web', 'native']), 'wob', 'Give one of web, native.'],
  [z.strictObject({}), { more: 1 }, 'There is no "more" here: leave it out.'],
  [z.string().min(1, 'Name it.'), '', 'Name it.'],
])('%o is told of in a sentence', (schema, input, sentence) => {
  expect(said(schema, input)).toEqual([sentence])
})

test('an empty channel name is told of once', () => {
  expect(said(channelName, '')).toEqual(['Name a channel, for example news:general.'])
})
