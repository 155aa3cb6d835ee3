/** Longest text of one message that is shown, in characters. */
const longest = 4096

/**
 * A message as others may see it: what opens doors is left out wherever it stands, also in payloads, and what is long is
 * cut. What is not JSON is not shown at all, because nothing is known of it.
 */
export function redact(line: string): string {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return `(${line.length} characters that are not JSON)`
  }
  const text = JSON.stringify(withoutSecrets(message, 0))
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`
}

const secretNames =
  /token|ticket|passw|secret|authori[sz]ation|cookie|credential|api[-_]?key|private|^headers$|^session$/i
/** Tickets, API keys, JWTs, bearers. */
const secretValues = /^(tkt_|crl_|bearer\s)|^[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/i
/** The same within a text, such as an address. */
const secretParts = /\b(?:tkt_|crl_)[\w-]+|(?<![\w-])eyJ[\w-]{6,}\.[\w-]{8,}\.[\w-]*|\bbearer\s+\S+/gi
const redacted = '(left out)'
const deepest = 100

function withoutSecrets(value: unknown, depth: number): unknown {
  if (depth > deepest) return '(nested too deeply)'
  if (typeof value === 'string') return withoutSecretText(value, depth)
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  // The data of such a publication is the difference to another: a secret could be cut in two there.
  const isDelta = 'delta' in value && value.delta === true && 'data' in value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (secretNames.test(name) && each !== null && each !== '') return [name, redacted]
      if (isDelta && name === 'data') return [name, '(a difference)']
      return [name, withoutSecrets(each, depth + 1)]
    }),
  )
}

/** JSON within a string is looked into: payloads are sent so to those who take deltas. */
function withoutSecretText(text: string, depth: number): string {
  if (secretValues.test(text)) return redacted
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.stringify(withoutSecrets(JSON.parse(text), depth + 1))
    } catch {
      // Only looks like JSON.
    }
  }
  return text.replace(secretParts, redacted)
}
