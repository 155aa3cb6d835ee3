/** Whether a name fits a shell pattern of `*` and `?`. In time that grows with both lengths, whatever the pattern is. */
export function fitsGlob(pattern: string, name: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let next = 0
  while (next < name.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = next
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[next])) {
      at += 1
      next += 1
    } else if (star !== -1) {
      at = star + 1
      next = ++resume
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
