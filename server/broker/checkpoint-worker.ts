import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * Brings what is in the write-ahead log into the database file, in a thread of its own: the writing and the fsync that
 * this takes would hold the event loop for as long as the disk likes.
 */

/** The log's size from which writers are made to wait a moment so that it can begin again; 4 KiB each. */
const restartAtPages = 8_000

const { path } = workerData as { readonly path: string }
const database = new DatabaseSync(path)
database.exec('pragma busy_timeout = 1000')
const passive = database.prepare('pragma wal_checkpoint(passive)')
const restart = database.prepare('pragma wal_checkpoint(restart)')

parentPort?.on('message', () => {
  const { log } = passive.get() as { log: number }
  // Under a steady stream of writes the passive kind never gets to the end, and the log would grow for ever.
  const pages = log < restartAtPages ? log : (restart.get() as { log: number }).log
  parentPort?.postMessage(pages)
})
