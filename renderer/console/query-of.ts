/** `?a=b&c=d` of what was given; nothing when nothing was. */
export function queryOf(given: Readonly<Record<string, string | null | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) if (value) query.set(name, value)
  return query.size === 0 ? '' : `?${query}`
}
