import { describe, expect, test } from 'vitest'
import { parseTagFilter, type Tags } from './tag-filter.ts'

function matches(node: unknown, tags: Tags | null): boolean {
  const parsed = parseTagFilter(node)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.filter.matches(tags)
}

const has = (tags: Tags | null) => (leaf: object) => matches({ key: 'k', ...leaf }, tags)

test('each comparison holds when the reference says so', () => {
  const ab = has({ k: 'ab' })
  expect(
    [
      { cmp: 'eq', val: 'ab' },
      { cmp: 'eq', val: 'a' },
    ].map(ab),
  ).toEqual([true, false])
  expect(
    [
      { cmp: 'neq', val: 'a' },
      { cmp: 'neq', val: 'ab' },
    ].map(ab),
  ).toEqual([true, false])
  expect(
    [
      { cmp: 'in', vals: ['x', 'ab'] },
      { cmp: 'in', vals: ['x'] },
    ].map(ab),
  ).toEqual([true, false])
  expect(
    [
      { cmp: 'nin', vals: ['x'] },
      { cmp: 'nin', vals: ['ab'] },
    ].map(ab),
  ).toEqual([true, false])
  expect([{ cmp: 'ex' }, { cmp: 'nex' }].map(ab)).toEqual([true, false])
  expect(
    [
      { cmp: 'sw', val: 'a' },
      { cmp: 'sw', val: 'b' },
    ].map(ab),
  ).toEqual([true, false])
  expect(
    [
      { cmp: 'ew', val: 'b' },
      { cmp: 'ew', val: 'a' },
    ].map(ab),
  ).toEqual([true, false])
  expect(
    [
      { cmp: 'ct', val: 'ab' },
      { cmp: 'ct', val: 'ba' },
    ].map(ab),
  ).toEqual([true, false])
  expect(ab({ cmp: 'gt', val: '1' })).toBe(false)
})

test('numbers compare as exact decimals', () => {
  const two = has({ k: '2.50' })
  const holding = (val: string) => ['lt', 'lte', 'gt', 'gte'].filter((cmp) => two({ cmp, val }))
  expect(holding('10')).toEqual(['lt', 'lte'])
  expect(holding('2.5')).toEqual(['lte', 'gte'])
  expect(holding('2.4999999999999999999999')).toEqual(['gt', 'gte'])
  expect(holding('two')).toEqual([])
})

test('a missing tag satisfies neq, nin, nex and an in with the empty text, and nothing else', () => {
  for (const missing of [has(null), has({}), has({ other: 'ab' })]) {
    const leaves = [
      { cmp: 'neq', val: 'a' },
      { cmp: 'nin', vals: ['a'] },
      { cmp: 'nex' },
      { cmp: 'in', vals: [''] },
      ...['eq', 'sw', 'ew', 'ct', 'lt', 'lte', 'gt', 'gte'].map((cmp) => ({ cmp, val: '1' })),
      { cmp: 'ex' },
      { cmp: 'in', vals: ['a'] },
      { cmp: 'nin', vals: [''] },
    ]
    expect(leaves.map(missing)).toEqual([true, true, true, true, ...Array(11).fill(false)])
  }
  expect(matches({ key: 'toString', cmp: 'ex' }, {})).toBe(false)
  expect(matches({ key: '__proto__', cmp: 'ex' }, {})).toBe(false)
})

test('and, or and not combine', () => {
  const filter = {
    op: 'and',
    nodes: [
      { key: 'kind', cmp: 'in', vals: ['temp', 'door'] },
      { op: 'not', nodes: [{ key: 'level', cmp: 'lt', val: '2.5' }] },
      {
        op: 'or',
        nodes: [
          { key: 'floor', cmp: 'eq', val: '1' },
          { cmp: 'nex', key: 'floor' },
        ],
      },
    ],
  }
  expect(matches(filter, { kind: 'temp', level: '2.5' })).toBe(true)
  expect(matches(filter, { kind: 'temp', level: '2.5', floor: '1' })).toBe(true)
  expect(matches(filter, { kind: 'temp', level: '2.5', floor: '2' })).toBe(false)
  expect(matches(filter, { kind: 'temp', level: '2.4' })).toBe(false)
  expect(matches(filter, { kind: 'light', level: '3' })).toBe(false)
})

const leaf = { key: 'k', cmp: 'eq', val: 'v' }
const nested = (depth: number): unknown => (depth === 1 ? leaf : { op: 'not', nodes: [nested(depth - 1)] })
const wide = (nodes: number) => ({ op: 'or', nodes: Array(nodes - 1).fill(leaf) })
const values = (count: number) => ({ key: 'k', cmp: 'in', vals: Array.from({ length: count }, (_, n) => `${n}`) })

test('filters that say the same have one key, whatever else is in them, and others have another', () => {
  const keyOf = (node: unknown) => {
    const parsed = parseTagFilter(node)
    return parsed.ok ? parsed.filter.key : parsed.message
  }
  const deep = JSON.parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`) as unknown
  expect(keyOf({ note: deep, val: 'v', cmp: 'eq', key: 'k', nodes: deep })).toBe(keyOf(leaf))
  const different = [
    leaf,
    { ...leaf, val: 'w' },
    { ...leaf, key: 'l' },
    { ...leaf, cmp: 'neq' },
    { key: 'k', cmp: 'in', vals: ['v'] },
    { key: 'k', cmp: 'ex' },
    { op: 'and', nodes: [leaf] },
    { op: 'or', nodes: [leaf] },
    { op: 'not', nodes: [leaf] },
    { op: 'and', nodes: [leaf, leaf] },
    { op: 'and', nodes: [{ op: 'and', nodes: [leaf] }, leaf] },
    { op: 'and', nodes: [{ op: 'and', nodes: [leaf, leaf] }] },
  ]
  expect(new Set(different.map(keyOf)).size).toBe(different.length)
})

test('filters at their bounds are taken', () => {
  for (const node of [
    nested(8),
    wide(64),
    values(32),
    { ...leaf, val: 'v'.repeat(256) },
    { cmp: 'ex' },
    { ...leaf, op: '' },
  ]) {
    expect(parseTagFilter(node).ok).toBe(true)
  }
})

describe('a filter is refused, with what is wrong,', () => {
  test.each([
    ['deeper than 8', nested(9), /8 levels/],
    ['of more than 64 nodes', wide(65), /64 nodes/],
    ['with more than 32 vals', values(33), /32 vals/],
    ['with a long val', { ...leaf, val: 'v'.repeat(257) }, /256/],
    ['with a long key', { ...leaf, key: 'k'.repeat(257) }, /256/],
    ['with a long one of vals', { key: 'k', cmp: 'in', vals: ['v'.repeat(257)] }, /256/],
    ['that is no object', 'kind=temp', /object/],
    ['that is a list', [leaf], /object/],
    ['with an unknown op', { op: 'xor', nodes: [leaf] }, /and, or, not/],
    ['with an unknown cmp', { ...leaf, cmp: 'like' }, /cmp/],
    ['with no cmp', { key: 'k', val: 'v' }, /cmp/],
    ['with no key', { cmp: 'eq', val: 'v' }, /key/],
    ['with no val', { key: 'k', cmp: 'eq' }, /val/],
    ['with a val that is no text', { ...leaf, val: 3 }, /val/],
    ['with val and vals', { ...leaf, vals: ['v'] }, /vals/],
    ['with vals that are no texts', { key: 'k', cmp: 'in', vals: [1] }, /vals/],
    ['with no vals', { key: 'k', cmp: 'in', vals: [] }, /vals/],
    ['with a val for ex', { key: 'k', cmp: 'ex', val: 'v' }, /val/],
    ['with an empty and', { op: 'and', nodes: [] }, /nodes/],
    ['with a not of two', { op: 'not', nodes: [leaf, leaf] }, /one node/],
    ['with a bad node inside', { op: 'and', nodes: [leaf, null] }, /object/],
  ])('%s', (_, node, message) => {
    expect(parseTagFilter(node)).toEqual({ ok: false, message: expect.stringMatching(message) })
  })
})
