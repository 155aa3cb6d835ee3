import { type SessionSettings, sessionSettings } from '#server/config/sign-ins.ts'

/**
 * browser: a cookie. program: a bearer token, of the desktop app, the command line or whatever a site has written. device:
 * a screen with an identity of its own.
 */
export type SessionKind = 'browser' | 'program' | 'device'

/** A session ends when it has not been used for so long, and in any case so long after it began. */
export type SessionLifetimes = Readonly<Record<SessionKind, { readonly idleMs: number; readonly absoluteMs: number }>>

/** A use of a session is written down when the last one written is older than this. */
export const sessionUpdateAgeMs = 60_000

const dayMs = 24 * 60 * 60 * 1000

export function sessionLifetimes(settings: SessionSettings = sessionSettings.parse({})): SessionLifetimes {
  return {
    browser: { idleMs: settings.idle * 1000, absoluteMs: settings.absolute * 1000 },
    program: { idleMs: settings.program_idle * 1000, absoluteMs: settings.program_absolute * 1000 },
    // A kiosk stays signed in until it is removed, or has been in a cupboard for more than a year.
    device: { idleMs: 400 * dayMs, absoluteMs: Number.POSITIVE_INFINITY },
  }
}
