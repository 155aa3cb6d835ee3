import { readFileSync } from 'node:fs'

const longest = 200

/**
 * What a file says was wrong before this kiosk started, a sentence a line: the first of them, and how many there are
 * besides. Null when there is nothing to say.
 */
export function startNotice(file: string): string | null {
  const lines = linesOf(file)
  const [first] = lines
  if (first === undefined) return null
  const said = first.length > longest ? `${first.slice(0, longest - 1)}…` : first
  return lines.length === 1 ? said : `${said} (and ${lines.length - 1} more)`
}

function linesOf(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8').split(/\r?\n/)
    return lines.map((line) => line.trim()).filter((line) => line !== '')
  } catch {
    return [] // nothing was wrong
  }
}
