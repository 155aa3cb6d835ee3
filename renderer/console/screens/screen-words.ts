import type { DeviceCommandState, DeviceCommandView } from '#protocol/device-commands.ts'
import type { ShellFault, ShellState } from '#protocol/device-report.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { maskAddress } from '#protocol/secrets.ts'

export type Tone = 'good' | 'busy' | 'bad' | 'soft'

/** How a screen is, in a word. */
export function stateOf({ online, status }: Pick<DeviceView, 'online' | 'status'>): { word: string; tone: Tone } {
  if (!online) return { word: 'Offline', tone: 'bad' }
  if (status === null) return { word: 'Online', tone: 'good' }
  const { phase, fault, isCovered } = status.shell
  return isCovered && fault === null ? { word: 'Message', tone: 'good' } : phases[phase]
}

const phases = {
  waiting: { word: 'Waiting', tone: 'good' },
  loading: { word: 'Loading', tone: 'busy' },
  showing: { word: 'Showing', tone: 'good' },
  cached: { word: 'From cache', tone: 'busy' },
  recovering: { word: 'Recovering', tone: 'busy' },
  failed: { word: 'Failed', tone: 'bad' },
} as const satisfies Record<ShellState['phase'], { word: string; tone: Tone }>

/** The same in a sentence. */
export function sentenceOf({ phase, isCovered }: ShellState): string {
  if (!isCovered) return phaseSentences[phase]
  return phase === 'waiting'
    ? 'A message is on the screen.'
    : `A message is on the screen. Below: ${phaseSentences[phase]}`
}

const phaseSentences = {
  waiting: 'It has nothing to show and waits.',
  loading: 'It loads a page.',
  showing: 'It shows what it was told to.',
  cached: 'The page cannot be had now: it shows what was last good of it.',
  recovering: 'Something went wrong, and it is about to try again.',
  failed: 'It has given up for now and says so on the screen.',
} as const satisfies Record<ShellState['phase'], string>

export const faultSentences = {
  load_timeout: 'The page did not finish loading in time.',
  load_failed: 'The page could not be loaded.',
  renderer_gone: 'The process that draws the page ended.',
  unresponsive: 'The page did not answer any more.',
  blank_frame: 'The screen stayed blank.',
  memory_ceiling: 'The page took more memory than it may.',
  navigation_loop: 'The page led from one address to another without end.',
  certificate_error: 'The certificate of the page’s server is not valid.',
  crash_loop: 'The page went wrong again and again.',
} as const satisfies Record<ShellFault, string>

/** What a command was, as it stands in the list. */
export function commandWords({ command, args }: Pick<DeviceCommandView, 'command' | 'args'>): string {
  switch (command) {
    case 'show':
      if (typeof args.url === 'string') return `Show ${maskAddress(args.url)}`
      return args.message === undefined ? 'Show nothing' : `Show “${String(args.message)}”`
    case 'reload':
      return args.fresh === true ? 'Reload, past the cache' : 'Reload'
    case 'identify':
      return 'Identify'
    case 'screenshot':
      return 'Screenshot'
    case 'display':
      return args.on === true ? 'Display on' : 'Display off'
    case 'restart-app':
      return 'Restart the app'
    case 'reboot':
      return 'Restart the computer'
    case 'diagnostics':
      return 'Diagnostics'
    default:
      return command
  }
}

export const commandStates = {
  sent: { word: 'Under way', tone: 'busy' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  refused: { word: 'Refused', tone: 'bad' },
  expired: { word: 'Came too late', tone: 'bad' },
  no_answer: { word: 'No answer', tone: 'bad' },
} as const satisfies Record<DeviceCommandState, { word: string; tone: Tone }>
