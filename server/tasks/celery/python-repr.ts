/** Celery cuts what it shows there. */
const maxLength = 1024

/** A value as Python would show it; for people who look at a monitor, so the last digit of it does not matter. */
export function pythonRepr(value: unknown): string {
  const room = { left: maxLength }
  const text = repr(value, room, 0)
  return text.length > maxLength ? `${text.slice(0, maxLength - 3)}...` : text
}

/** Positional arguments: `(1, 'a')`, and of one `(1,)`. */
export function argsRepr(args: readonly unknown[]): string {
  const inner = pythonRepr(args).slice(1)
  return `(${inner.endsWith(']') ? inner.slice(0, -1) : inner}${args.length === 1 ? ',' : ''})`
}

/** `room` keeps a long list from being written out only to be cut. */
function repr(value: unknown, room: { left: number }, depth: number): string {
  if (room.left <= 0 || depth > 20) return '...'
  const text = leaf(value)
  if (text !== null) {
    room.left -= text.length
    return text
  }
  room.left -= 2
  const parts: string[] = []
  const isList = Array.isArray(value)
  for (const [key, item] of Object.entries(value as object)) {
    if (room.left <= 0) {
      parts.push('...')
      break
    }
    parts.push(isList ? repr(item, room, depth + 1) : `${leaf(key)}: ${repr(item, room, depth + 1)}`)
  }
  return isList ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`
}

function leaf(value: unknown): string | null {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return quoted(value.slice(0, maxLength))
  return typeof value === 'object' ? null : String(value)
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`
}
