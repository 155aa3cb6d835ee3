import { expect, test } from 'vitest'
import { taskStates } from '#protocol/tasks.ts'
import { hasEnded, progressWords, resultText, stateWords } from './task-words.ts'

test('every state has its words; a task that was asked to end is ending until it has', () => {
  expect(new Set(taskStates.map((state) => stateWords({ state, isCancelling: false }))).size).toBe(taskStates.length)
  expect(stateWords({ state: 'running', isCancelling: true })).toBe('Ending')
  expect(stateWords({ state: 'cancelled', isCancelling: true })).toBe('Cancelled')
  expect(taskStates.filter((state) => !hasEnded({ state }))).toEqual(['waiting', 'running', 'retrying'])
})

test.each([
  [0.437, 'page 3', '43 % · page 3'],
  [0.999, null, '99 %'],
  [null, 'reading', 'reading'],
  [null, null, ''],
])('progress %j with the note %j reads %j', (progress, note, text) => {
  expect(progressWords({ progress, note })).toBe(text)
})

test('a result is text, or its JSON, and has an end', () => {
  expect(resultText('Done.')).toBe('Done.')
  expect(resultText({ sum: 3 })).toBe('{\n  "sum": 3\n}')
  expect(resultText(0)).toBe('0')
  expect([resultText(null), resultText(undefined)]).toEqual([null, null])
  expect(resultText('x'.repeat(10_000))).toHaveLength(5001)
})
