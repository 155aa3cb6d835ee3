import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

/** The exit code by which the app asks to be opened again: `EX_TEMPFAIL`. It is told in `CARILLON_RESTART_CODE`. */
export const restartCode = 75

/** One that asks again before it can have done anything must not keep the machine busy. */
const pauseMs = 500

/**
 * Stays until the program ends, and opens it again as often as it asks for that: what is started here stays with this
 * terminal. `ended` aborts when nothing is to be opened any more. Answers the last exit code; null after a signal, or when
 * it cannot be opened.
 */
export async function keepOpen(open: () => ChildProcess | null, ended: AbortSignal): Promise<number | null> {
  for (;;) {
    const child = open()
    if (child === null) return null
    const [code]: (number | null)[] = await once(child, 'exit')
    if (code !== restartCode) return code ?? null
    await pause(pauseMs, undefined, { signal: ended }).catch(() => {}) // aborted
    if (ended.aborted) return 0
  }
}
