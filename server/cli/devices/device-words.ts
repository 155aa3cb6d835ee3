import type { DeviceCommandDetail } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { localTime, localTimeOr } from '../clock.ts'
import { visible } from '../output.ts'

/** How a screen is, in a word: `offline`, `showing`, `failed: crash_loop`. */
export function stateWord({ online, status }: Pick<DeviceView, 'online' | 'status'>): string {
  if (!online) return 'offline'
  if (status === null) return 'online'
  const { phase, fault, isCovered } = status.shell
  if (fault !== null) return `${phase}: ${fault}`
  return isCovered ? 'message' : phase
}

export const deviceHeadings = ['NAME', 'STATE', 'HOST', 'VERSION', 'STORAGE', 'CREDENTIAL', 'LAST SEEN'] as const

/** One screen under these headings. */
export function deviceRow(device: DeviceView): readonly string[] {
  const { name, hostname, version, storage, rotating, credentialSince, online, lastSeenAt } = device
  return [
    ...[name, stateWord(device), hostname, version, storage ?? 'unknown'],
    rotating ? 'to be changed' : localTime(credentialSince),
    // What is known of one that is online is when it came.
    online ? 'now' : localTimeOr(lastSeenAt, 'never'),
  ]
}

/** How a command ended, in a sentence. */
export function endingOf({ command, device, state, message }: DeviceCommandDetail): string {
  const said = message === null || message === '' ? '' : ` ${visible(message)}`
  switch (state) {
    case 'sent':
      return `${device.name} has not answered yet.`
    case 'done':
      return `${device.name}: ${command} is done.${said}`
    case 'failed':
      return `${device.name} could not carry out ${command}.${said}`
    case 'refused':
      return `${device.name} refused ${command}.${said}`
    case 'expired':
      return `${command} reached ${device.name} too late and was not begun. Send it again with a longer --expires-in.`
    case 'no_answer':
      return `${device.name} did not answer in time. It may be off, or may have carried ${command} out and be unable to say so.`
    default:
      return state satisfies never
  }
}
