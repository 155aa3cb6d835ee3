import type { DeviceCommandDetail } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { visible } from '../output.ts'

/** How a screen is, in a word: `offline`, `showing`, `failed: crash_loop`. */
export function stateWord({ online, status }: Pick<DeviceView, 'online' | 'status'>): string {
  if (!online) return 'offline'
  if (status === null) return 'online'
  const { phase, fault, isCovered } = status.shell
  if (fault !== null) return `${phase}: ${fault}`
  return isCovered ? 'message' : phase
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
