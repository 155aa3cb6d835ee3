/** A fixed short message plus fields. Never a token, never a payload. */
export interface Log {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
export type LogFields = Readonly<Record<string, string | number | boolean | null>>

/** One line: the message, then `name=value`, quoted where a reader could not tell the end of a value. */
export function logLine(message: string, fields: LogFields = {}): string {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`)
  return [message, ...words].join(' ')
}

/** Keeps its lines, for tests. */
export function memoryLog(): Log & { readonly lines: readonly string[] } {
  const lines: string[] = []
  const keep = (message: string, fields?: LogFields) => void lines.push(logLine(message, fields))
  return { lines, info: keep, warn: keep, error: keep }
}

function plain(value: string | number | boolean | null): string {
  const text = String(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}
