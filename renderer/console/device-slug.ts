/**
 * A device name as somebody types it: `Lobby 1` becomes `lobby-1`. What only stands in the way while typing, such as a
 * dash at the end, is left for the schema to refuse.
 */
export function deviceSlug(typed: string): string {
  return typed
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
    .replace(/-{2,}/g, '-')
    .slice(0, 63)
}

/** A name after what the machine calls itself, as it could be taken. */
export function suggestedName(hostname: string): string {
  return deviceSlug(hostname).replace(/[-_]+$/, '')
}
