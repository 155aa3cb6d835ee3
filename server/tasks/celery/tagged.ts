/** How deep arguments and results may be nested. */
const maxDepth = 200

/**
 * What kombu 5.3 and later mark as more than JSON has, `{"__type__": "datetime", "__value__": "…"}`, as plain JSON: dates
 * and decimals as text, UUIDs in their usual form, bytes as they were sent.
 *
 * @throws RangeError where it is nested too deeply
 */
export function withoutTags(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > maxDepth) throw new RangeError(`It is nested more than ${maxDepth} levels deep.`)
  if (Array.isArray(value)) return value.map((item) => withoutTags(item, depth + 1))
  if (isTagged(value)) return plain(value.__type__, value.__value__)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutTags(item, depth + 1)]))
}

/** Whether Python would take a part of this JSON text for a marked value that it does not know, and fail to read all of it. */
export function hasForeignTag(json: string): boolean {
  if (!json.includes('"__type__"')) return false
  let isForeign = false
  JSON.parse(json, (_, value: unknown) => {
    if (isTagged(value) && !knownTags.has(String(value.__type__))) isForeign = true
    return value
  })
  return isForeign
}

interface Tagged {
  readonly __type__: unknown
  readonly __value__: unknown
}

const knownTags = new Set(['datetime', 'date', 'time', 'decimal', 'uuid', 'bytes', 'base64'])

function isTagged(value: unknown): value is Tagged {
  if (typeof value !== 'object' || value === null) return false
  return '__type__' in value && '__value__' in value && Object.keys(value).length === 2
}

function plain(type: unknown, value: unknown): unknown {
  if (type !== 'uuid') return value
  const hex = typeof value === 'object' && value !== null && 'hex' in value ? String(value.hex) : String(value)
  return hex.replace(/^(\w{8})-?(\w{4})-?(\w{4})-?(\w{4})-?(\w{12})$/, '$1-$2-$3-$4-$5')
}
