/** Names that somebody may have meant, the nearest first, at most three. */
export function nearestNames(meant: string, names: Iterable<string>): readonly string[] {
  const near: { readonly name: string; readonly distance: number }[] = []
  const wanted = meant.toLowerCase()
  for (const name of names) {
    const known = name.toLowerCase()
    const distance = known.includes(wanted) || wanted.includes(known) ? 1 : distanceOf(wanted, known)
    if (distance <= Math.max(2, Math.floor(known.length / 3))) near.push({ name, distance })
  }
  near.sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
  return near.slice(0, 3).map(({ name }) => name)
}

/** Levenshtein's, of texts of at most 200 characters. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
