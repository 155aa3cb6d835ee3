import { expect, test } from 'vitest'
import { type ServiceDraft, serviceErrors, serviceOf } from './service-draft.ts'

const draft: ServiceDraft = {
  name: ' Wiki ',
  kind: 'web',
  addresses: ' https://wiki.example.org/callback \n\nhttps://wiki.example.org/other',
  scopes: ['openid'],
}

test('addresses are the lines that are not empty', () => {
  expect(serviceOf(draft)).toEqual({
    name: 'Wiki',
    kind: 'web',
    redirectUris: ['https://wiki.example.org/callback', 'https://wiki.example.org/other'],
    scopes: ['openid'],
  })
  expect(serviceErrors(draft)).toEqual({})
})

test('a machine has no addresses, whatever was typed before its kind was chosen', () => {
  expect(serviceOf({ ...draft, kind: 'service' }).redirectUris).toEqual([])
  expect(serviceErrors({ ...draft, kind: 'service', addresses: 'nonsense' })).toEqual({})
})

test('what is wrong is said beside its field, and of which line', () => {
  expect(serviceErrors({ ...draft, name: ' ', scopes: [], addresses: '' })).toEqual({
    name: 'Give a name.',
    scopes: 'Give at least one scope.',
    addresses: 'Give at least one address.',
  })
  const wrong = serviceErrors({ ...draft, addresses: 'https://wiki.example.org/callback\nwiki' })
  expect(wrong.addresses).toMatch(/^wiki: Give the full address/)
})
