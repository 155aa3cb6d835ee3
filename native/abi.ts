/** The other side of src/carillon.h. Whoever changes one changes both, and raises the number in both. */
export const abi = 2

/** What each function takes. The last `Buffer` is where it writes its answer. */
export interface Functions {
  carillon_temperature: [root: string, celsius: Buffer]
  carillon_throttling: [root: string, throttling: Buffer]
  carillon_board: [root: string, board: Buffer]
  carillon_storage: [root: string, storage: Buffer]
  carillon_memory: [root: string, memory: Buffer]
  carillon_pressure: [root: string, resource: number, pressure: Buffer]
  carillon_display: [display: string, state: Buffer]
  carillon_display_power: [display: string, on: number]
  carillon_display_blanking: [display: string, allowed: number]
  carillon_idle: [display: string, seconds: Buffer]
  carillon_watchdog: [root: string, state: Buffer]
  carillon_watchdog_open: [root: string, seconds: number, timeout: Buffer]
  carillon_watchdog_pet: []
  carillon_watchdog_close: []
  carillon_write_each: [sockets: Buffer, count: number, bytes: Buffer, size: number, written: Buffer]
}

/** In the order of their numbers; the first means that it went well. */
export const statuses = [
  'ok',
  'not_available',
  'not_permitted',
  'held',
  'malformed',
  'failed',
  'invalid_argument',
  'closed',
] as const

/** Sizes in bytes of what is written. */
export const sizes = {
  number: 8,
  throttling: 32,
  board: 192,
  storage: 128,
  memory: 16,
  pressure: 56,
  display: 16,
} as const
