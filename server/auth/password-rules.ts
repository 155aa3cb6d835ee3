import { AuthError } from './auth-error.ts'

/**
 * What length alone does not keep out: what is guessed first. No list of leaked passwords is shipped; of those, nearly
 * all are shorter than the ten characters asked for, and the rest are what these rules describe.
 *
 * @throws AuthError `bad_request`
 */
export function checkPassword(password: string, person: { readonly email: string; readonly name: string }): void {
  const plain = reduced(password)
  const own = [...person.email.split(/[@.]/), ...person.name.split(/\s+/), person.email, person.name, 'carillon']
  for (const word of own.map(reduced)) {
    if (word.length >= 4 && plain.includes(word) && plain.length - word.length < 6) {
      throw weak('Choose a password that is not made of the name or e-mail address, or of the name of this program.')
    }
  }
  if (new Set(plain).size < 5) throw weak('Choose a password with at least five different characters.')
  if (common.some((word) => plain.replaceAll(word, '').length < 4) || isRow(plain)) {
    throw weak('Choose a password that is less common: four words that do not belong together make a good one.')
  }
}

/** Letters of either case, and figures that stand for letters, are what they stand for. */
function reduced(text: string): string {
  const spelled: Readonly<Record<string, string>> = {
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '7': 't',
    '@': 'a',
    $: 's',
    '!': 'i',
  }
  const letters = text.normalize('NFKC').toLowerCase()
  // Figures in a row are a number and no spelling.
  return letters.replaceAll(/(?<![0-9])[013457](?![0-9])|[@$!]/g, (sign) => spelled[sign] ?? sign)
}

/** Neighbours on a keyboard or in the alphabet, in either direction. */
function isRow(text: string): boolean {
  const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiopasdfghjklzxcvbnm', 'qwertzuiopasdfghjklyxcvbnm']
  const all = rows.flatMap((row) => [row, [...row].reverse().join('')])
  let covered = 0
  for (let at = 0; at < text.length; ) {
    const length = longestRun(text.slice(at), all)
    if (length >= 3) covered += length
    at += Math.max(length, 1)
  }
  return text.length - covered < 4
}

function longestRun(text: string, rows: readonly string[]): number {
  let length = 0
  while (length < text.length && rows.some((row) => row.includes(text.slice(0, length + 1)))) length++
  return length
}

/** Words that common passwords are made of. */
const common = [
  ...['password', 'passwort', 'passw', 'motdepasse', 'contrasena', 'letmein', 'welcome', 'willkommen', 'changeme'],
  ...['administrator', 'admin', 'iloveyou', 'sunshine', 'princess', 'football', 'baseball', 'superman', 'batman'],
  ...['starwars', 'trustno', 'whatever', 'qwerty', 'qwertz', 'azerty', 'asdfgh', 'zxcvbn', 'default', 'secret'],
  ...['michael', 'jennifer', 'charlie', 'monkey', 'dragon', 'master', 'shadow', 'summer', 'winter', 'spring'],
].map(reduced)

function weak(sentence: string): AuthError {
  return new AuthError('bad_request', sentence)
}
