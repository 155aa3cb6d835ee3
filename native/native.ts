/**
 * What libcarillon knows of the machine it runs on and does to it. Every function answers at once, and throws a
 * `NativeError`: with code `not_available` where this machine has no such thing, never with a number that is wrong.
 */
export interface Native {
  readonly library: LibraryState
  /** Degrees Celsius of the processor. */
  temperature(): number
  throttling(): Throttling
  board(): Board
  storage(): Storage
  memory(): Memory
  /** How much of the time something waited for this resource, as the kernel measures it (PSI). */
  pressure(resource: 'cpu' | 'memory' | 'io'): Pressure
  display(): Display
  /** Wakes the display or sends it to sleep: by DPMS, or by a blank screen saver where the X server has no DPMS. */
  setDisplayPower(on: boolean): void
  /** With false nothing but `setDisplayPower` darkens the screen: no screen saver, no DPMS timer. */
  setBlanking(allowed: boolean): void
  /** Seconds since anybody touched a key, a pointer or the screen. */
  idleSeconds(): number
  /** Looks without opening: opening a watchdog starts it. */
  watchdog(): WatchdogState
  /**
   * Takes the hardware watchdog, which resets the machine unless it is petted within `timeoutSeconds`. `held` when
   * another program has it.
   */
  openWatchdog(timeoutSeconds: number): Watchdog
}

/** The library itself. Without it every function throws `not_available` with this reason. */
export type LibraryState =
  | { readonly present: true; readonly path: string; readonly version: string; readonly abi: number }
  | { readonly present: false; readonly reason: string }

/** What slows the processor down. Null: this machine does not tell. */
export interface Throttling {
  readonly now: ThrottleFlags
  /** Whether it was so at any time since the machine started. */
  readonly sinceStart: ThrottleFlags
}

export interface ThrottleFlags {
  readonly underVoltage: boolean | null
  /** The clock may not go as high as it could. */
  readonly frequencyCapped: boolean | null
  readonly throttled: boolean | null
  /** Warm enough that the firmware has begun to slow down. */
  readonly softTemperatureLimit: boolean | null
}

export interface Board {
  readonly model: string
  /** Null: it has none, or this user may not read it. */
  readonly serial: string | null
}

export interface Storage {
  /** What the root file system lies on: `mmcblk0p2`. */
  readonly device: string
  readonly fileSystem: string
  /** Of the file system below, where the root is an overlay. After an error ext4 makes itself read-only. */
  readonly readOnly: boolean
  /** Read-only without having been mounted so: the mark of a failing card. Null: it cannot be told. */
  readonly remountedReadOnly: boolean | null
  /** Errors that the file system has met since it was last checked; null: it does not count them. */
  readonly fileSystemErrors: number | null
  /** Errors on the way to the card since the machine started, as its driver counts them; null: it does not count them. */
  readonly cardErrors: number | null
  /** Wear as an eMMC tells it, in percent, rounded up to tens; null: it does not tell, as SD cards do not. */
  readonly wornPercent: number | null
}

/** In bytes. */
export interface Memory {
  readonly total: number
  /** What programs can still have without swapping. */
  readonly available: number
}

/** Percent of the last 10, 60 and 300 seconds. */
export interface Pressure {
  readonly some: PressureShares
  /** In which nothing else got on either. Null for the processor, of which the kernel does not know it. */
  readonly full: PressureShares | null
}

export interface PressureShares {
  readonly avg10: number
  readonly avg60: number
  readonly avg300: number
}

export interface Display {
  /** False while DPMS has it in standby or off, or the screen saver has it blank. */
  readonly on: boolean
  readonly dpms: DpmsLevel | null
  readonly screenSaver: 'off' | 'on' | 'disabled' | null
  /** Whether a timer of the X server may darken the screen. */
  readonly blanking: boolean
}

export type DpmsLevel = 'on' | 'standby' | 'suspend' | 'off'

/**
 * `idle`: there is one and nobody has opened it. `armed`: this program has it. `held`: another has, as systemd usually
 * does.
 */
export type WatchdogState = 'idle' | 'armed' | 'held' | 'absent'

export interface Watchdog extends Disposable {
  /** What the driver made of the time-out that was asked for. */
  readonly timeoutSeconds: number
  pet(): void
  /** Disarms it and lets it go: the machine is not reset. Does nothing the second time. */
  close(): void
}

/**
 * `not_available`: no such thing here, or no library. `not_permitted`: there, but not for this user. `held`: in use by
 * another program. `malformed`: the kernel, the firmware or the X server answered what cannot be. `failed`: it was
 * there and did not work. `invalid_argument` and `closed`: the caller's mistake.
 */
export type NativeErrorCode =
  | 'not_available'
  | 'not_permitted'
  | 'held'
  | 'malformed'
  | 'failed'
  | 'invalid_argument'
  | 'closed'

export class NativeError extends Error {
  override readonly name = 'NativeError'
  readonly code: NativeErrorCode
  constructor(code: NativeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
