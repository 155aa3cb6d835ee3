import { z } from 'zod'
import { instant } from './api.ts'
import { deviceCommandView } from './device-commands.ts'
import { maskAddress } from './secrets.ts'

/**
 * What a device says of itself by the RPC method `device.report`: at every change of its shell at once, and of its
 * health about once a minute. The server keeps the newest and publishes it to `telemetry:<device>`.
 */

/** Why a supervisor had to act. */
export const shellFault = z.enum([
  'load_timeout',
  'load_failed',
  'renderer_gone',
  'unresponsive',
  'blank_frame',
  'memory_ceiling',
  'navigation_loop',
  'certificate_error',
  'crash_loop',
])
export type ShellFault = z.infer<typeof shellFault>

const longestUrl = 2000

/** The address of a page as it is told: without secrets, what stands in whose place may make it longer than it may be. */
export function reportedUrl(url: string | null): string | null {
  return url === null ? null : maskAddress(url).slice(0, longestUrl)
}

/** The content of a kiosk as its supervisor sees it. */
export const shellState = z.object({
  /** `waiting`: nothing to show. `cached`: what was last good, because the page cannot be had now. `failed`: given up for now; the screen says so. */
  phase: z.enum(['waiting', 'loading', 'showing', 'cached', 'recovering', 'failed']),
  since: instant,
  /** What the content was told to be, without secrets; null when nothing. */
  url: z.string().max(longestUrl).nullable(),
  /** The newest fault since the content last ran well; null when none. */
  fault: shellFault.nullable(),
  /** A sentence about it that says what to do. */
  message: z.string().max(500).nullable(),
  /** Restarts of the content within the window in which they are counted. */
  restarts: z.int().min(0),
  /** Whether a message is on the screen, over whatever the content is. */
  isCovered: z.boolean().exactOptional(),
})
export type ShellState = z.infer<typeof shellState>

/** A reading; null where this machine has no such thing. */
const reading = z.number().nullable()

export const deviceHealth = z.object({
  at: instant,
  board: z.string().max(120).nullable(),
  serial: z.string().max(64).nullable(),
  /** Degrees Celsius of the processor. */
  temperature: reading,
  underVoltage: z.boolean().nullable(),
  throttled: z.boolean().nullable(),
  memoryTotal: reading,
  memoryAvailable: reading,
  /** Share of the last 10 seconds, 0 to 100, in which some process waited for memory (PSI). */
  memoryPressure: reading,
  storageReadOnly: z.boolean().nullable(),
  storageErrors: reading,
  displayOn: z.boolean().nullable(),
  /** Seconds since anybody touched anything. */
  idle: reading,
  watchdog: z.enum(['idle', 'armed', 'held', 'absent']).nullable(),
  uptime: reading,
  /** `low`: the flags for little memory are on. */
  profile: z.enum(['low', 'usual']),
  /** How far this machine's clock is from the server's, in seconds; null while unknown. */
  clockOffset: reading,
})
export type DeviceHealth = z.infer<typeof deviceHealth>

/** `health: null` says nothing of it: what was said last is kept. */
export const deviceStatus = z.object({ shell: shellState, health: deviceHealth.nullable() })
export type DeviceStatus = z.infer<typeof deviceStatus>

/** What the server keeps of it. */
export const keptStatus = deviceStatus.extend({
  /** When the device said so, by the server's clock. */
  reportedAt: instant,
})
export type KeptStatus = z.infer<typeof keptStatus>

/**
 * What the server publishes to `telemetry:<device>`. Devices may publish there themselves: what has no `info` of a
 * publisher is the server's.
 */
export const deviceNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: keptStatus }),
  z.object({ type: z.literal('command'), command: deviceCommandView }),
])
export type DeviceNews = z.infer<typeof deviceNews>
