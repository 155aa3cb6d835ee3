import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from 'pino'
import type { Durability } from '#server/store/store.ts'
import { newEpoch } from './epoch.ts'

export interface UncleanEndOptions {
  /** The broker's own. */
  readonly database: DatabaseSync
  readonly durability: Durability
  /** Which boot of the machine this is. Default what the system says; null where it says nothing. */
  readonly bootId?: string | null | undefined
  readonly log: Logger
}

/**
 * With durability `normal` a machine that goes down takes the last publications with it, and their offsets are given to
 * others afterwards. A client that had seen them would pass as one that has missed nothing, so then all streams go on
 * under another epoch. That the machine went down shows in its boot being another one than that which the last writer has
 * left here. A writer that ends well leaves none; where boots have no names every other end counts as the machine's.
 *
 * Call it before anything is read or written. Returns what to call when everything has been written.
 */
export function noticeUncleanEnd({ database, durability, bootId, log }: UncleanEndOptions): () => void {
  const boot = (bootId === undefined ? bootIdOfSystem() : bootId) ?? `unknown ${randomUUID()}`
  const { boot: before } = database.prepare('select boot from stream_seed').get() as { boot: string | null }
  const mark = durability === 'full' ? null : boot
  const isUnclean = before !== null && before !== boot
  if (isUnclean) log.warn('the machine went down without warning: clients that come back are told to load anew')
  if (mark !== before) write(mark, isUnclean)
  return () => {
    if (mark !== null) write(null, false)
  }

  /** On disk when this returns, with all that was written before it. */
  function write(mark: string | null, withOtherEpochs: boolean): void {
    database.exec('pragma busy_timeout = 2000')
    database.exec('pragma synchronous = full')
    database.exec('begin immediate')
    try {
      if (withOtherEpochs) {
        database.prepare('update streams set epoch = ?').run(newEpoch())
        // From it follow the epochs of streams that begin later, and of some that had begun and are gone.
        database.exec('update stream_seed set seed = hex(randomblob(16))')
      }
      database.prepare('update stream_seed set boot = ?').run(mark)
      database.exec('commit')
    } finally {
      if (database.isTransaction) database.exec('rollback')
      database.exec(`pragma synchronous = ${durability}`)
    }
  }
}

/** Linux has a name for each boot, in containers that of the machine under them. */
function bootIdOfSystem(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || null
  } catch {
    // Another system.
    return null
  }
}
