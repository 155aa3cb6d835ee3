const pattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}))?(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2}(?::\d{2})?)?)?$/i

/**
 * An instant as Celery writes it, in milliseconds since 1970: ISO 8601 as text, or marked as a date. Without an offset it
 * is UTC, as for Celery itself. Null where it is none.
 */
export function parseTime(value: unknown): number | null {
  const text = typeof value === 'string' ? value : markedText(value)
  const match = text === null ? null : pattern.exec(text)
  if (match === null) return null
  const [, day, time = '00:00', seconds = '00', fraction = '', offset = 'Z'] = match
  // Offsets with seconds are of the nineteenth century.
  const zone = offset.toUpperCase() === 'Z' ? 'Z' : `${offset.slice(0, 3)}:${offset.replace(':', '').slice(3, 5)}`
  const instant = Date.parse(`${day}T${time}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`)
  return Number.isNaN(instant) ? null : instant
}

/** With microseconds, as Python writes them: Celery 5.2 takes whatever follows the dot for a number of those. */
export function formatTime(instant: number): string {
  return new Date(instant).toISOString().replace('Z', '000+00:00')
}

function markedText(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('__value__' in value)) return null
  return typeof value.__value__ === 'string' ? value.__value__ : null
}
