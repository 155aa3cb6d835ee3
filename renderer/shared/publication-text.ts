/** What a publication says to a person, as far as it says anything: the rest is shown as JSON. */
export type PublicationText =
  | { readonly kind: 'text'; readonly title: string | null; readonly message: string | null }
  /** A command that takes the message off a screen. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'json'; readonly line: string }

/** Longest line of JSON shown in a list, in characters; the whole is one click away. */
const maxLineLength = 300

/** Publishers are free in what they send: a string, `{title, message}`, or a screen's `{show: …}` speak for themselves. */
export function publicationText(data: unknown): PublicationText {
  if (typeof data === 'string' && data !== '') return { kind: 'text', title: null, message: data }
  if (isRecord(data) && data.show === null) return { kind: 'clear' }
  const said = isRecord(data) && isRecord(data.show) ? data.show : data
  if (isRecord(said)) {
    const title = firstText(said.title, said.subject)
    const message = firstText(said.message, said.text, said.body)
    if (title !== null || message !== null) return { kind: 'text', title, message }
  }
  const line = JSON.stringify(data) ?? 'null'
  return { kind: 'json', line: line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line }
}

function firstText(...candidates: unknown[]): string | null {
  return candidates.find((one): one is string => typeof one === 'string' && one !== '') ?? null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
