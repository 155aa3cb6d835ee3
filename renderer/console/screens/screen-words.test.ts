import { expect, test } from 'vitest'
import { commandWords } from './screen-words.ts'

test('a command to show a page is told without what lets somebody into it', () => {
  const url = 'https://ada:hunter2@signs.example.org/?key=abc123&floor=3'
  expect(commandWords({ command: 'show', args: { url } })).toBe(
    'Show https://[masked]@signs.example.org/?key=[masked]&floor=3',
  )
})
