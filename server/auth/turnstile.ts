import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Lets whoever comes through one at a time, each in a turn of the event loop of its own: hundreds that arrive together
 * are then small pieces of work with everybody else's between them, and not one large piece that holds everything up.
 */
export function createTurnstile(): () => Promise<void> {
  let last = Promise.resolve()
  return () => {
    last = last.then(() => nextTurn())
    return last
  }
}
