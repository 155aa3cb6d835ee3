import { isSecretName, masked, secretNames, secretShapes } from '#protocol/secrets.ts'

/**
 * The text without secrets: those that are known, in every spelling they travel in, and whatever looks like one. Rather
 * too much is masked than too little.
 */
export function maskText(text: string, known: readonly string[] = []): string {
  let safe = text
  for (const secret of known.filter(({ length }) => length >= shortest)) {
    for (const spelling of spellingsOf(secret)) safe = safe.replaceAll(spelling, masked)
  }
  for (const [pattern, replacement] of patterns) safe = safe.replace(pattern, replacement)
  return safe
}

/** The same for a value of JSON: what stands under the name of a secret goes whole, whatever it is. */
export function maskValue(value: unknown, known: readonly string[] = []): unknown {
  if (typeof value === 'string') return maskText(value, known)
  if (Array.isArray(value)) return value.map((item) => maskValue(item, known))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, part]) => {
    const isSecret = isSecretName(name) && (typeof part === 'string' || typeof part === 'number')
    return [maskText(name, known), isSecret ? masked : maskValue(part, known)]
  })
  return Object.fromEntries(entries)
}

/** Shorter ones would blot out words of the text. */
const shortest = 6
/** Whether there is one is no secret. */
const noSecret = '(?!(?:true|false|null)[}\\],]*(?:\\s|$|\\\\*"))'

const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic|Digest)\s+[^\s"',;]+/gi, `$1 ${masked}`],
  // In addresses, lines of the log, forms and JSON.
  [
    new RegExp(
      `(?<![a-z])((?:[a-z_.-]{0,40}[_.-])?(?:${secretNames})\\\\*"?\\s*[=:]\\s*)${noSecret}(\\\\*"(?:[^"\\\\]|\\\\.)*"?|[^\\s"]+)`,
      'gi',
    ),
    `$1${masked}`,
  ],
  [/(:\/\/)[^\s/\\?#"]+@/g, `$1${masked}@`],
  ...secretShapes.map((shape) => [shape, masked] as const),
]

function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]
}
