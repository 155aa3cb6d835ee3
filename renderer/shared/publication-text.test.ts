import { expect, test } from 'vitest'
import { publicationText } from './publication-text.ts'

test.each([
  ['Doors open at nine', null, 'Doors open at nine'],
  [{ message: 'Doors open at nine' }, null, 'Doors open at nine'],
  [{ title: 'Lobby', message: 'Doors open at nine' }, 'Lobby', 'Doors open at nine'],
  [{ show: { title: 'Lobby', message: 'Doors open' } }, 'Lobby', 'Doors open'],
  [{ subject: 'Build 17', text: 'passed', seconds: 12 }, 'Build 17', 'passed'],
  [{ title: 'Only a title', message: 7 }, 'Only a title', null],
])('%j speaks for itself', (data, title, message) => {
  expect(publicationText(data)).toEqual({ kind: 'text', title, message })
})

test('an emptied screen is said in words', () => {
  expect(publicationText({ show: null })).toEqual({ kind: 'clear' })
})

test.each([[{ temperature: 21 }], [[1, 2]], [null], [42], [''], [{ message: '' }]])('%j is shown as JSON', (data) => {
  expect(publicationText(data)).toEqual({ kind: 'json', line: JSON.stringify(data) })
})

test('a long line of JSON is cut', () => {
  const text = publicationText({ samples: Array.from({ length: 1000 }, (_, index) => index) })
  expect(text.kind === 'json' && text.line.length).toBe(301)
})
