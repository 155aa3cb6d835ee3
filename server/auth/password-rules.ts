import type { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { AuthError } from './auth-error.ts'

/** Of zxcvbn's scores from 0 to 4: from here on more than a hundred million guesses are needed. */
const leastScore = 3

/** What is looked at of a long password: its beginning, since the work grows with it. */
const maxLength = 64

/**
 * What length alone does not keep out: what is guessed first. zxcvbn knows some fifty thousand common passwords, rows of
 * keys, dates and repetitions, also spelled with figures; and what belongs to the person.
 *
 * @throws AuthError `bad_request`
 */
export async function checkPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
): Promise<void> {
  const { email, name } = person
  const own = [email, name, ...email.split(/[@.]/), ...name.split(/\s+/), 'carillon'].filter((word) => word.length > 2)
  strength ??= load()
  const { score } = (await strength).check(password, own)
  if (score >= leastScore) return
  throw new AuthError(
    'bad_request',
    'This password would be guessed soon. Four words that do not belong together make a good one.',
  )
}

/** Its lists are a tenth of a second and eight megabytes, for the few processes in which a password is chosen. */
let strength: Promise<ZxcvbnFactory> | undefined

async function load(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory: Strength }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  return new Strength({ dictionary, graphs: adjacencyGraphs, maxLength })
}
