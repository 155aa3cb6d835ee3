/**
 * Whether a text fits a pattern in which `*` stands for anything and `?` for one character. Takes time in proportion to
 * both lengths at worst, which a regular expression made of the pattern would not.
 */
export function fitsGlob(pattern: string, text: string): boolean {
  let at = 0
  let position = 0
  /** Where to go on when what follows the last star does not fit there. */
  let star: { readonly at: number; position: number } | null = null
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = { at, position }
      at += 1
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position])) {
      at += 1
      position += 1
    } else if (star) {
      star.position += 1
      at = star.at + 1
      position = star.position
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
