import { z } from 'zod'
import { timeSpan } from './namespaces.ts'

/** Names that mean something else, to this server or on the way to it. */
const takenHeaders = new Set([
  'authorization',
  'cookie',
  'x-api-key',
  'host',
  'origin',
  'content-type',
  'content-length',
])

/** How programs show who they are. */
export const authSettings = z.strictObject({
  /** A header that holds a bare session token, beside `Authorization: Bearer`; null for none. */
  token_header: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'Give the name of a header, such as Authentication-Token, or null.')
    .refine((name) => !takenHeaders.has(name.toLowerCase()), 'This header has another meaning. Choose another name.')
    .nullable()
    .default('Authentication-Token'),
})

const minute = 60
const day = 24 * 60 * minute
const spanSentence = 'Give a time span from 5m to 3650d.'
const span = (standard: number) =>
  timeSpan
    .pipe(
      z
        .number()
        .min(5 * minute, spanSentence)
        .max(3650 * day, spanSentence),
    )
    .default(standard)

/** A session ends when it has not been used for so long, and in any case so long after it began. Seconds inside. */
export const sessionSettings = z
  .strictObject({
    /** In a browser. */
    idle: span(7 * day),
    absolute: span(30 * day),
    /** Of the desktop app, the command line and other programs with a bearer token. */
    program_idle: span(90 * day),
    program_absolute: span(365 * day),
  })
  .refine(({ idle, absolute }) => idle <= absolute, { path: ['idle'], error: 'idle is not longer than absolute.' })
  .refine(({ program_idle, program_absolute }) => program_idle <= program_absolute, {
    path: ['program_idle'],
    error: 'program_idle is not longer than program_absolute.',
  })
export type SessionSettings = z.infer<typeof sessionSettings>

const rotationSentence = 'Give a time span from 1h to 3650d, or 0 for never.'

/** Screens with an identity of their own. */
export const deviceSettings = z.strictObject({
  /** A device takes a new credential when its present one is so old, in seconds; 0 is never. */
  rotate_after: timeSpan
    .refine((seconds) => seconds === 0 || (seconds >= 3600 && seconds <= 3650 * day), rotationSentence)
    .default(30 * day),
})
