import { expect, test } from 'vitest'
import { showCommand } from '#protocol/screen.ts'
import { type Draft, draftData, draftErrors } from './publication-draft.ts'

const draft: Draft = { channel: 'news:general', kind: 'message', title: '', message: ' Doors open ', json: '' }

test('a message for people has its title only when there is one', () => {
  expect(draftData(draft)).toEqual({ message: 'Doors open' })
  expect(draftData({ ...draft, title: 'Lobby' })).toEqual({ title: 'Lobby', message: 'Doors open' })
})

test('a message for a screen is the command that screens understand', () => {
  const data = draftData({ ...draft, channel: 'commands:lobby-1', title: 'Lobby' })
  expect(showCommand.parse(data)).toEqual({ show: { title: 'Lobby', message: 'Doors open' } })
})

test('JSON is published as it is', () => {
  expect(draftData({ ...draft, kind: 'json', json: '[1, {"a": null}]' })).toEqual([1, { a: null }])
})

test.each([
  [{ message: '  ' }, { message: 'A message has at least one character.' }],
  [{ message: 'x'.repeat(2001) }, { message: 'A message has at most 2,000 characters.' }],
  [{ channel: 'a b' }, { channel: 'A channel name is printable ASCII without spaces.' }],
  [{ channel: '' }, { channel: 'Name a channel, for example news:general.' }],
  [{ kind: 'json', json: '{"a":' }, { json: expect.stringMatching(/^This is not valid JSON: /) }],
  [{ kind: 'json', json: `"${'ü'.repeat(33_000)}"` }, { json: expect.stringContaining('64 KiB') }],
  [{ kind: 'json', json: '{}', message: '' }, {}],
] as const)('a draft with %j is told what is wrong', (wrong, errors) => {
  expect(draftErrors({ ...draft, ...wrong })).toEqual(errors)
})
