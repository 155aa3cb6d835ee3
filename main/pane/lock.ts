import { z } from 'zod'
import type { PinHash } from '#protocol/device-settings.ts'
import type { Outcome } from '#protocol/ipc.ts'
import type { PaneWay } from '#protocol/pane.ts'
import type { JsonFile } from '../json-file.ts'
import type { Log } from '../log.ts'
import { done, failed } from '../outcome.ts'
import { type Attempts, beginAttempts, countAttempt, forgive, takeBack, waitLeft } from './attempts.ts'
import { isPin } from './pin.ts'

/** What survives a restart: how many wrong attempts stand against whoever is next. */
export const attemptsFile = z.object({ wrong: z.int().min(0).max(1_000_000) })

/** Decides who may use the pane. */
export interface Lock {
  /** Milliseconds until an attempt may be made; 0: now. */
  readonly wait: number
  /** One at a time. `ok`: the pane may open. */
  attempt(way: PaneWay, digits: string): Promise<Outcome>
}

export interface LockOptions {
  readonly file: JsonFile<z.infer<typeof attemptsFile>>
  /** Of this screen; null while it has none. */
  pin(): PinHash | null
  /** Asks the server about an operator's code. Rejects where it cannot be asked. */
  checkCode(digits: string): Promise<boolean>
  readonly log: Log
  /** Milliseconds on a clock that only goes forward. */
  now?(): number
}

export async function openLock({
  file,
  pin,
  checkCode,
  log,
  now = () => performance.now(),
}: LockOptions): Promise<Lock> {
  let attempts = beginAttempts((await file.read())?.wrong ?? 0, now())
  let isTrying = false

  async function keep(next: Attempts): Promise<void> {
    attempts = next
    // On a full or read-only disk the count holds until the app ends.
    await file
      .write({ wrong: next.wrong })
      .catch((error: Error) => log.warn('attempts not kept', { error: error.message }))
  }

  async function tryNow(way: PaneWay, digits: string): Promise<Outcome> {
    const kept = way === 'pin' ? pin() : null
    if (way === 'pin' && kept === null) return failed('no_pin', 'This screen has no PIN. Use a code of an operator.')
    const before = attempts
    await keep(countAttempt(attempts, now()))
    try {
      if (kept === null ? await checkCode(digits) : await isPin(digits, kept)) {
        await keep(forgive(now()))
        log.info('pane unlocked', { way })
        return done
      }
    } catch (error) {
      await keep(takeBack(before, now()))
      log.warn('pane attempt not checked', { way, error: error instanceof Error ? error.message : String(error) })
      return failed('not_checked', way === 'pin' ? pinUnusable : codeUnchecked)
    }
    log.warn('pane refused', { way, wrong: attempts.wrong })
    return failed(way === 'pin' ? 'wrong_pin' : 'wrong_code', wrongWords[way])
  }

  return {
    get wait() {
      return waitLeft(attempts, now())
    },
    async attempt(way, digits) {
      if (isTrying) return failed('busy', 'The digits before are still being checked.')
      const seconds = Math.ceil(waitLeft(attempts, now()) / 1000)
      if (seconds > 0) return failed('wait', `Too many wrong attempts. Wait ${seconds} s and try again.`)
      isTrying = true
      try {
        return await tryNow(way, digits)
      } finally {
        isTrying = false
      }
    },
  }
}

const wrongWords: Readonly<Record<PaneWay, string>> = {
  pin: 'That is not the PIN of this screen.',
  code: 'That code is not valid. It works once, for this screen, within five minutes: ask an operator for a new one.',
}
const pinUnusable = 'The PIN of this screen cannot be checked. Ask an operator to set it anew, or for a code.'
const codeUnchecked = 'The server cannot be asked about the code now. Try again, or use the PIN.'
