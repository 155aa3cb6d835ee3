import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import type { Client } from './client.ts'
import { within } from './deadline.ts'
import type { RealtimeLimits } from './limits.ts'
import type { Authenticator } from './realtime.ts'
import type { Registry } from './registry.ts'

/**
 * Compares everybody who is connected here with the records, for when news of what has changed there may not have come.
 * A few at a time: there may be many, and each is a read.
 */
export interface IdentityCheck extends Disposable {
  /** One round over all who are connected now; one that is under way is followed by another. */
  start(): void
}

export interface IdentityCheckOptions {
  readonly registry: Pick<Registry, 'clients'>
  readonly authenticator: Pick<Authenticator, 'current'>
  readonly limits: Pick<RealtimeLimits, 'answerMs'>
  readonly log: Logger
}

const clientsAStep = 100
const stepPauseMs = 20
/** From a round in which the records could not be read to the next. */
const retryMs = 5_000

export function createIdentityCheck({ registry, authenticator, limits, log }: IdentityCheckOptions): IdentityCheck {
  let state: 'idle' | 'running' | 'running, and once more' | 'disposed' = 'idle'

  return {
    start() {
      if (state === 'running') state = 'running, and once more'
      if (state === 'idle') void run()
    },
    [Symbol.dispose]() {
      state = 'disposed'
    },
  }

  async function run(): Promise<void> {
    do {
      state = 'running'
      try {
        await compareAll()
      } catch (error) {
        log.error({ err: error }, 'who is connected could not be compared with the records')
        if (!isDisposed()) state = 'running, and once more'
        await pause(retryMs)
      }
    } while (isWantedOnceMore())
    if (!isDisposed()) state = 'idle'
  }

  async function compareAll(): Promise<void> {
    let closed = 0
    let step = 0
    for (const client of [...registry.clients()]) {
      if (isDisposed()) return
      if (client.isReleased) continue
      const reason = await reasonToClose(client)
      if (reason !== null) {
        client.close(reason)
        closed += 1
      }
      step = (step + 1) % clientsAStep
      if (step === 0) await pause(stepPauseMs)
    }
    log.info({ closed }, 'who is connected was compared with the records')
  }

  /** Of users of the site there are no records; the ends of their tokens end them. */
  async function reasonToClose({ identity }: Client): Promise<CloseReason | null> {
    if (identity.kind === 'external') return null
    const now = await within(limits.answerMs, 'reading the records', () => authenticator.current(identity))
    if (now === null) return closeReasons.revoked
    return isDeepStrictEqual(now, identity) ? null : closeReasons.forceReconnect
  }

  /** Asked of anew: it changes while something is waited for. */
  function isDisposed(): boolean {
    return state === 'disposed'
  }

  function isWantedOnceMore(): boolean {
    return state === 'running, and once more'
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
