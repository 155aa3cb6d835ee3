import { sizes } from './abi.ts'
import type { Library, OpenedLibrary } from './library.ts'
import { type LibraryState, type Native, NativeError, type Watchdog } from './native.ts'
import {
  readBoard,
  readDisplay,
  readMemory,
  readPressure,
  readStorage,
  readThrottling,
  readWatchdogState,
} from './replies.ts'

export interface Machine {
  /** Put before every path that is looked at: a folder with a tree like a machine's. The machine itself when absent. */
  readonly root?: string
  /** As in `DISPLAY`, which it is when absent. */
  readonly display?: string
}

/** Gives the library's functions their meaning: no buffer and no status number leaves this file. */
export function bindNative(library: OpenedLibrary, { root = '', display = '' }: Machine = {}): Native {
  const call: Library['call'] = 'call' in library ? library.call : () => throwAbsent(library.state)
  let watchdog: Watchdog | undefined

  /** Of a function that writes so many bytes last. */
  function ask(size: number, write: (answer: Buffer) => void): Buffer {
    const answer = Buffer.alloc(size)
    write(answer)
    return answer
  }

  return {
    library: library.state,
    temperature: () => ask(sizes.number, (answer) => call('carillon_temperature', root, answer)).readDoubleLE(),
    throttling: () => readThrottling(ask(sizes.throttling, (answer) => call('carillon_throttling', root, answer))),
    board: () => readBoard(ask(sizes.board, (answer) => call('carillon_board', root, answer))),
    storage: () => readStorage(ask(sizes.storage, (answer) => call('carillon_storage', root, answer))),
    memory: () => readMemory(ask(sizes.memory, (answer) => call('carillon_memory', root, answer))),
    pressure: (resource) =>
      readPressure(ask(sizes.pressure, (answer) => call('carillon_pressure', root, resources[resource], answer))),
    display: () => readDisplay(ask(sizes.display, (answer) => call('carillon_display', display, answer))),
    setDisplayPower: (on) => call('carillon_display_power', display, Number(on)),
    setBlanking: (allowed) => call('carillon_display_blanking', display, Number(allowed)),
    idleSeconds: () => ask(sizes.number, (answer) => call('carillon_idle', display, answer)).readDoubleLE(),
    watchdog() {
      if (watchdog !== undefined) return 'armed'
      const state = ask(sizes.number, (answer) => call('carillon_watchdog', root, answer)).readInt32LE()
      return readWatchdogState(state)
    },
    openWatchdog(seconds) {
      if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestTimeout)
        throw new NativeError('invalid_argument', `A watchdog waits 1 to ${longestTimeout} whole seconds.`)
      const answer = ask(sizes.number, (timeout) => call('carillon_watchdog_open', root, seconds, timeout))
      const opened = handle(call, answer.readInt32LE(), () => {
        if (watchdog === opened) watchdog = undefined
      })
      watchdog = opened
      return opened
    },
  }
}

const resources = { cpu: 0, memory: 1, io: 2 } as const
/** In seconds; the drivers' own limits are lower. */
const longestTimeout = 65_535

function handle(call: Library['call'], timeoutSeconds: number, closed: () => void): Watchdog {
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    closed()
    call('carillon_watchdog_close')
  }
  return {
    timeoutSeconds,
    pet() {
      if (!open) throw new NativeError('closed', 'This watchdog was closed: open it again.')
      call('carillon_watchdog_pet')
    },
    close,
    [Symbol.dispose]: close,
  }
}

function throwAbsent({ reason }: Extract<LibraryState, { present: false }>): never {
  throw new NativeError('not_available', `The native library is missing: ${reason}.`)
}
