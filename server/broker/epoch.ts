import { randomInt } from 'node:crypto'

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Marks one life of a stream. Letters only: the protocol gives `_` a meaning of its own. */
export function newEpoch(): string {
  return Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')
}
