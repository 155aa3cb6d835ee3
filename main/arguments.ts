import { parseArgs } from 'node:util'

/** What somebody asked for when starting the app. */
export interface Arguments {
  readonly mode: 'desktop' | 'kiosk'
  /** A server address as it was typed; null when none was given. */
  readonly server: string | null
  readonly userDataDir: string | null
  /** A kiosk in an ordinary window, for trying it out. */
  readonly windowed: boolean
}

/**
 * Reads our own switches and leaves Chromium's and Electron's alone. `args` is what follows the program (and, unpackaged,
 * the app's folder).
 */
export function readArguments(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Arguments {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      kiosk: { type: 'boolean' },
      windowed: { type: 'boolean' },
      server: { type: 'string' },
      'user-data-dir': { type: 'string' },
    },
  })
  return {
    mode: values.kiosk === true ? 'kiosk' : 'desktop',
    server: text(values.server) ?? text(env.CARILLON_SERVER),
    userDataDir: text(values['user-data-dir']),
    windowed: values.windowed === true,
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
