import { parseArgs } from 'node:util'
import type { Profile } from './shell/profile.ts'

/** What somebody asked for when starting the app. */
export interface Arguments {
  /** Only to be told what can be asked for. */
  readonly help: boolean
  readonly mode: 'desktop' | 'kiosk'
  /** A server address as it was typed; null when none was given. */
  readonly server: string | null
  readonly userDataDir: string | null
  /** A kiosk in an ordinary window, for trying it out. */
  readonly windowed: boolean
  /** What the keychain is worth: `file` where the key that opens it lies on the same card. */
  readonly credentialStorage: 'keychain' | 'file'
  /** The program that restarts the machine, with its arguments; null where it must not be restarted from afar. */
  readonly reboot: readonly [string, ...string[]] | null
  /** Origins whose pages a kiosk may show, besides its server's; as they were typed. */
  readonly allow: readonly string[]
  /** How a kiosk uses memory; null: as fits the machine. */
  readonly profile: Profile | null
  /** Megabytes that the process of a kiosk's page may use; null: as fits the machine. */
  readonly memoryCeiling: number | null
  /** Seconds that a kiosk's page may take to load; null: as usual. */
  readonly loadTimeout: number | null
  readonly pinchZoom: boolean
  readonly pointer: boolean
  /** The file that is touched as long as the kiosk lives. */
  readonly heartbeat: string | null
  /** A file that says what was wrong before the kiosk started, a sentence a line; the screen says it too. */
  readonly notice: string | null
  /** When whoever started a kiosk begins it anew each night, `03:00-05:00`, for its pane to say; null: never. */
  readonly restartWindow: string | null
  /** The exit code by which whoever started the app opens it again; null: it has to do that itself. */
  readonly restartCode: number | null
}

export const switches = {
  help: { type: 'boolean' },
  kiosk: { type: 'boolean' },
  windowed: { type: 'boolean' },
  server: { type: 'string' },
  allow: { type: 'string', multiple: true },
  profile: { type: 'string' },
  'memory-ceiling': { type: 'string' },
  'load-timeout': { type: 'string' },
  'pinch-zoom': { type: 'boolean' },
  pointer: { type: 'boolean' },
  heartbeat: { type: 'string' },
  notice: { type: 'string' },
  'restart-window': { type: 'string' },
  'user-data-dir': { type: 'string' },
  'credential-storage': { type: 'string' },
  'allow-reboot': { type: 'boolean' },
  'reboot-command': { type: 'string' },
} as const

/**
 * Reads our own switches and leaves Chromium's and Electron's alone. `args` is what follows the program (and, unpackaged,
 * the app's folder).
 */
export function readArguments(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Arguments {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: switches,
  })
  return {
    help: values.help === true,
    mode: values.kiosk === true ? 'kiosk' : 'desktop',
    server: text(values.server) ?? text(env.CARILLON_SERVER),
    userDataDir: text(values['user-data-dir']),
    windowed: values.windowed === true,
    credentialStorage: values['credential-storage'] === 'file' ? 'file' : 'keychain',
    reboot: values['allow-reboot'] === true ? rebootCommand(text(values['reboot-command'])) : null,
    allow: [values.allow ?? []].flat().flatMap((one) => text(one) ?? []),
    profile: values.profile === 'low' || values.profile === 'usual' ? values.profile : null,
    memoryCeiling: positive(values['memory-ceiling']),
    loadTimeout: positive(values['load-timeout']),
    pinchZoom: values['pinch-zoom'] === true,
    pointer: values.pointer === true,
    heartbeat: text(values.heartbeat),
    notice: text(values.notice),
    restartWindow: windowOfTimes(text(values['restart-window'])),
    restartCode: exitCode(env.CARILLON_RESTART_CODE),
  }
}

/**
 * The same arguments for a further run, each value joined to its switch: Electron puts the switches of a run that it
 * begins before everything else, and would part them from their values.
 */
export function argumentsToRepeat(args: readonly string[]): string[] {
  const takesValue = (arg: string) =>
    Object.entries(switches).some(([name, { type }]) => type === 'string' && arg === `--${name}`)
  return args.flatMap((arg, index) => {
    if (takesValue(args[index - 1] ?? '')) return []
    return [takesValue(arg) && index + 1 < args.length ? `${arg}=${args[index + 1]}` : arg]
  })
}

function windowOfTimes(given: string | null): string | null {
  return given !== null && /^\d\d:\d\d-\d\d:\d\d$/.test(given) ? given : null
}

/** Words are separated by spaces; there is no shell to quote for. */
function rebootCommand(given: string | null): readonly [string, ...string[]] {
  const [program, ...args] = (given ?? '').split(' ').filter((word) => word !== '')
  return program === undefined ? ['systemctl', 'reboot'] : [program, ...args]
}

function exitCode(value: unknown): number | null {
  const code = positive(value)
  return code !== null && Number.isInteger(code) && code < 256 ? code : null
}

function positive(value: unknown): number | null {
  const number = Number(text(value) ?? Number.NaN)
  return Number.isFinite(number) && number > 0 ? number : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
