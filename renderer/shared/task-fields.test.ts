import { expect, test } from 'vitest'
import { z } from 'zod'
import { allArguments, fieldsOf, readFields } from './task-fields.ts'

const described = z.object({
  title: z.string().describe('Above the report'),
  copies: z.int().min(1).max(9).default(2),
  ratio: z.number().optional(),
  format: z.enum(['csv', 'json']),
  isDraft: z.boolean().optional(),
  where: z.record(z.string(), z.unknown()).optional(),
  send_to: z.array(z.string()),
})
const fields = fieldsOf({ arguments: z.toJSONSchema(described, { io: 'input' }) })

test('each argument has the field that suits its schema, in the order of the schema', () => {
  expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
    ['title', 'text', true],
    ['copies', 'number', false],
    ['ratio', 'number', false],
    ['format', 'choice', true],
    ['isDraft', 'flag', false],
    ['where', 'json', false],
    ['send_to', 'json', true],
  ])
})

test('a field knows what the schema says of it', () => {
  expect(fields[0]).toMatchObject({ label: 'Title', description: 'Above the report' })
  expect(fields[1]).toMatchObject({ min: 1, max: 9, isWhole: true, initial: 2 })
  expect(fields[3]?.choices).toEqual(['csv', 'json'])
  expect(fields[4]).toMatchObject({ label: 'Is draft', initial: false })
  expect(fields[6]?.label).toBe('Send to')
})

test('what is filled in becomes arguments that the schema takes', () => {
  const read = readFields(fields, {
    ...{ title: 'Doors', copies: 3, ratio: '', format: 'csv', isDraft: true },
    ...{ where: '{"tags.floor": "2"}', send_to: '["ada"]' },
  })
  const args = {
    title: 'Doors',
    copies: 3,
    format: 'csv',
    isDraft: true,
    where: { 'tags.floor': '2' },
    send_to: ['ada'],
  }
  expect(read).toEqual({ ok: true, args })
  expect(described.safeParse(args).success).toBe(true)
})

test('what cannot be sent has a sentence each', () => {
  const read = readFields(fields, { title: '', copies: '-', format: '', where: '{', send_to: '' })
  expect(read).toEqual({
    ok: false,
    errors: {
      title: 'Fill this in.',
      copies: 'Give a number.',
      format: 'Choose one.',
      where: expect.stringContaining('valid JSON'),
      send_to: expect.stringContaining('valid JSON'),
    },
  })
})

test('arguments that nobody has described are asked for as JSON: by name, or in their order', () => {
  const whole = fieldsOf({ arguments: null })
  expect(whole.map(({ name, kind }) => [name, kind])).toEqual([[allArguments, 'json']])
  expect(readFields(whole, { [allArguments]: '[1, 2]' })).toEqual({ ok: true, args: [1, 2] })
  expect(readFields(whole, { [allArguments]: '' })).toEqual({ ok: true, args: {} })
  expect(readFields(whole, { [allArguments]: '7' })).toMatchObject({ ok: false })
})

test('a task without arguments has no fields', () => {
  expect(fieldsOf({ arguments: z.toJSONSchema(z.object({})) })).toEqual([])
  expect(readFields([], {})).toEqual({ ok: true, args: {} })
})
