import { z } from 'zod'

/** A list, as SQLite (JSON text) or PostgreSQL (JSON) has it. */
const list = z.array(z.string())

export function storedList(value: unknown): string[] {
  const parsed = list.safeParse(typeof value === 'string' ? JSON.parse(value) : value)
  return parsed.success ? parsed.data : []
}

/** An instant in better-auth's tables, in milliseconds since 1970. */
export function storedInstant(value: string | Date): number {
  return new Date(value).getTime()
}
