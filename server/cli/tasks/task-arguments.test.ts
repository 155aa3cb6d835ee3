import { expect, test } from 'vitest'
import { parseArguments } from './task-arguments.ts'

test.each([
  [[], {}],
  [['x=1', 'y=-2.5'], { x: 1, y: -2.5 }],
  [['name=Ada', 'note=a=b'], { name: 'Ada', note: 'a=b' }],
  [
    ['text="7"', 'on=true', 'none=null', 'list=[1,2]', 'empty='],
    { text: '7', on: true, none: null, list: [1, 2], empty: '' },
  ],
  [['{"x": 1, "y": {"z": 2}}'], { x: 1, y: { z: 2 } }],
  [['[1, 2]'], [1, 2]],
])('%j is %j', (given, args) => {
  expect(parseArguments(given)).toEqual(args)
})

test.each([[['x']], [['=1']], [['{"x":']], [['x=1', '{"y":2}']]])('%j is wrong usage', (given) => {
  expect(() => parseArguments(given)).toThrow(expect.objectContaining({ exitCode: 2 }))
})

test('what is known to be text stays as it stands', () => {
  expect(parseArguments(['message=42', 'on=true'], ['message'])).toEqual({ message: '42', on: true })
})
