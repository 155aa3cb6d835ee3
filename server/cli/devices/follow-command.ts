import { setTimeout as pause } from 'node:timers/promises'
import { type DeviceCommandDetail, type DeviceCommandView, deviceCommandDetail } from '#protocol/device-commands.ts'
import type { Api } from '../api.ts'
import { CliError } from '../cli-error.ts'

const lookMs = 300
/** How long after the deadline a server that is away may still say how it ended. */
const patienceMs = 15_000

/** Waits for the answer to a command; without one the server says so after the deadline. */
export async function followCommand(api: Api, sent: DeviceCommandView): Promise<DeviceCommandDetail> {
  const path = `/api/v1/devices/${encodeURIComponent(sent.device.id)}/commands/${sent.id}`
  // By a clock of this machine alone: that of the server may differ.
  const until = performance.now() + Date.parse(sent.deadline) - Date.parse(sent.sentAt) + patienceMs
  for (;;) {
    const command = await api.call('GET', path, deviceCommandDetail).catch((error: unknown) => {
      if (error instanceof CliError && passing.has(error.code) && performance.now() < until) return null
      throw error
    })
    if (command !== null && (command.state !== 'sent' || performance.now() > until)) return command
    await pause(lookMs)
  }
}

/** What the next look may find gone. */
const passing: ReadonlySet<string> = new Set(['server_unreachable', 'unavailable', 'rate_limited'])
