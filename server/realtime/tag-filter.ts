import { compareDecimals } from './decimal.ts'

export type Tags = Readonly<Record<string, string>>

/** Which publications a subscriber asked for, by their tags. It saves bandwidth and protects nothing. */
export interface TagFilter {
  /** The same for filters that say the same in the same order, whose subscribers then share their frames. */
  readonly key: string
  matches(tags: Tags | null): boolean
}

export type ParsedFilter =
  | { readonly ok: true; readonly filter: TagFilter }
  | { readonly ok: false; readonly message: string }

/** How large a filter may be: it runs for every publication. */
export const filterBounds = { depth: 8, nodes: 64, values: 32, characters: 256 } as const

/** Reads the filter of a subscribe request. */
export function parseTagFilter(node: unknown): ParsedFilter {
  const count = { nodes: 0 }
  try {
    const { key, matches } = compile(node, 1, count)
    return { ok: true, filter: { key, matches: (tags) => matches(tags ?? noTags) } }
  } catch (error) {
    if (!(error instanceof FilterFault)) throw error
    return { ok: false, message: `tag filter: ${error.message}` }
  }
}

/** `key` is made of what was understood alone: what else a client puts into a filter is not kept. */
interface Compiled {
  readonly key: string
  readonly matches: (tags: Tags) => boolean
}

const noTags: Tags = {}

/** What is wrong with a filter; it does not leave this file. */
class FilterFault extends Error {
  override readonly name = 'FilterFault'
}

function compile(node: unknown, depth: number, count: { nodes: number }): Compiled {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) throw new FilterFault('a node is an object')
  if (depth > filterBounds.depth) throw new FilterFault(`at most ${filterBounds.depth} levels`)
  count.nodes += 1
  if (count.nodes > filterBounds.nodes) throw new FilterFault(`at most ${filterBounds.nodes} nodes`)
  const { op, nodes, ...leaf } = node as Record<string, unknown>
  if (isAbsent(op)) return compileLeaf(leaf)
  if (!Array.isArray(nodes) || nodes.length === 0) throw new FilterFault('and, or and not need nodes')
  const children = nodes.map((child) => compile(child, depth + 1, count))
  const key = `${op}(${children.map((child) => child.key).join(',')})`
  switch (op) {
    case 'and':
      return { key, matches: (tags) => children.every(({ matches }) => matches(tags)) }
    case 'or':
      return { key, matches: (tags) => children.some(({ matches }) => matches(tags)) }
    case 'not': {
      const [only, ...more] = children
      if (!only || more.length > 0) throw new FilterFault('not has exactly one node')
      return { key, matches: (tags) => !only.matches(tags) }
    }
    default:
      throw new FilterFault('op is and, or, not or nothing')
  }
}

/** What a comparison is given, and when it holds. A missing tag is undefined. */
type Comparison =
  | { readonly operand: 'val'; readonly holds: (tag: string | undefined, val: string) => boolean }
  | { readonly operand: 'vals'; readonly holds: (tag: string | undefined, vals: ReadonlySet<string>) => boolean }
  | { readonly operand: 'none'; readonly holds: (tag: string | undefined) => boolean }

const comparisons: ReadonlyMap<unknown, Comparison> = new Map<string, Comparison>([
  ['eq', { operand: 'val', holds: (tag, val) => tag === val }],
  ['neq', { operand: 'val', holds: (tag, val) => tag !== val }],
  ['in', { operand: 'vals', holds: (tag = '', vals) => vals.has(tag) }],
  ['nin', { operand: 'vals', holds: (tag = '', vals) => !vals.has(tag) }],
  ['ex', { operand: 'none', holds: (tag) => tag !== undefined }],
  ['nex', { operand: 'none', holds: (tag) => tag === undefined }],
  ['sw', { operand: 'val', holds: (tag, val) => tag?.startsWith(val) === true }],
  ['ew', { operand: 'val', holds: (tag, val) => tag?.endsWith(val) === true }],
  ['ct', { operand: 'val', holds: (tag, val) => tag?.includes(val) === true }],
  ['lt', { operand: 'val', holds: whenCompared((order) => order < 0) }],
  ['lte', { operand: 'val', holds: whenCompared((order) => order <= 0) }],
  ['gt', { operand: 'val', holds: whenCompared((order) => order > 0) }],
  ['gte', { operand: 'val', holds: whenCompared((order) => order >= 0) }],
])

function compileLeaf({ key, cmp, val, vals }: Readonly<Record<string, unknown>>): Compiled {
  const comparison = comparisons.get(cmp)
  if (!comparison) throw new FilterFault(`cmp is one of ${[...comparisons.keys()].join(', ')}`)
  const name = isAbsent(key) && comparison.operand === 'none' ? '' : text(key, 'key')
  if (comparison.operand !== 'val' && !isAbsent(val)) throw new FilterFault(`${cmp} takes no val`)
  if (comparison.operand !== 'vals' && !isAbsent(vals) && !isEmptyList(vals)) {
    throw new FilterFault(`${cmp} takes no vals`)
  }
  switch (comparison.operand) {
    case 'none':
      return { key: JSON.stringify([name, cmp]), matches: (tags) => comparison.holds(tagOf(tags, name)) }
    case 'val': {
      const operand = text(val, 'val')
      const key = JSON.stringify([name, cmp, operand])
      return { key, matches: (tags) => comparison.holds(tagOf(tags, name), operand) }
    }
    case 'vals': {
      const operands = texts(vals)
      const key = JSON.stringify([name, cmp, ...operands])
      return { key, matches: (tags) => comparison.holds(tagOf(tags, name), operands) }
    }
    default:
      return comparison satisfies never
  }
}

/** Zero values and absent ones are the same in this protocol. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new FilterFault(`${field} is a text that is not empty`)
  return bounded(value, field)
}

function bounded(value: string, field: string): string {
  if (value.length <= filterBounds.characters) return value
  throw new FilterFault(`${field} has at most ${filterBounds.characters} characters`)
}

function texts(values: unknown): ReadonlySet<string> {
  if (!Array.isArray(values) || values.length === 0) throw new FilterFault('vals is a list that is not empty')
  if (values.length > filterBounds.values) throw new FilterFault(`at most ${filterBounds.values} vals`)
  return new Set(
    values.map((value) => {
      if (typeof value !== 'string') throw new FilterFault('vals are texts')
      return bounded(value, 'vals')
    }),
  )
}

function tagOf(tags: Tags, key: string): string | undefined {
  return Object.hasOwn(tags, key) ? tags[key] : undefined
}

function whenCompared(fits: (order: number) => boolean): (tag: string | undefined, val: string) => boolean {
  return (tag, val) => {
    const order = tag === undefined ? null : compareDecimals(tag, val)
    return order !== null && fits(order)
  }
}
