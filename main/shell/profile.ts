/** How a kiosk uses memory: `low` where there is little of it. */
export type Profile = 'low' | 'usual'

const gigabyte = 1024 ** 3
/** Up to this much memory a machine is run as one with little: a Pi 3 has 1 GB. */
const littleMemory = 1.5 * gigabyte

/** The one asked for, else the one that fits this much memory, in bytes. */
export function chooseProfile(asked: Profile | null, memory: number): Profile {
  return asked ?? (memory <= littleMemory ? 'low' : 'usual')
}

/** Chromium's switches for a kiosk, to be set before it is ready; `''` for one without a value. */
export function chromiumSwitches(profile: Profile): Readonly<Record<string, string>> {
  return profile === 'low' ? lowSwitches : {}
}

/** How much the process of a page may use, in megabytes, before it is loaded anew. */
export function memoryCeiling(profile: Profile, memory: number): number {
  const megabytes = memory / 1024 ** 2
  return profile === 'low'
    ? Math.round(Math.max(200, megabytes * 0.4))
    : Math.round(Math.min(2048, Math.max(600, megabytes * 0.4)))
}

/** A heap that cannot grow beyond what the machine has, few threads, and a disk cache a card can bear. */
const lowSwitches = {
  'enable-low-end-device-mode': '',
  'renderer-process-limit': '1',
  'js-flags': '--max-old-space-size=192',
  'num-raster-threads': '1',
  'disk-cache-size': String(16 * 1024 ** 2),
} as const
