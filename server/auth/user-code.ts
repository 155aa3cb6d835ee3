import { randomInt } from 'node:crypto'

/** Consonants only: no words come out by chance, and nothing looks like a digit (RFC 8628, section 6.1). */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
const length = 8

/** A code for people to read off a screen and type. 34 bits: guesses have to be counted. */
export function randomUserCode(): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** As it is shown: `BCDF-GHJK`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, length / 2)}-${code.slice(length / 2)}`
}

/** What somebody typed, without regard to case, dashes and spaces; null when it cannot be a code. */
export function parseUserCode(typed: string): string | null {
  const code = typed.replace(/[\s\p{Dash}]/gu, '').toUpperCase()
  return code.length === length && [...code].every((letter) => alphabet.includes(letter)) ? code : null
}
