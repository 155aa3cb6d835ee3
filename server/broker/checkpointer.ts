import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'

/** Keeps SQLite's write-ahead log short without holding the event loop. */
export interface Checkpointer extends AsyncDisposable {
  /** Told of every transaction that has committed, with the bytes that were put in. */
  wrote(bytes: number): void
}

/** As often as SQLite does it by itself, but by an estimate: how much was written is not told. */
const checkpointAtPages = 1_000
const pageBytes = 4096
/** What a transaction writes beside the data: the ends of a table, an index and the list of streams. */
const pagesATransaction = 3

/** Takes checkpoints away from this handle and has a thread make them, which starts when there is first need of it. */
export function createCheckpointer(database: DatabaseSync, path: string, log: Logger): Checkpointer {
  setAutomatic(false)
  let pages = 0
  let worker: Worker | undefined
  let isRunning = false
  let hasFailed = false

  return {
    wrote(bytes) {
      pages += pagesATransaction + bytes / pageBytes
      if (pages < checkpointAtPages || isRunning || hasFailed) return
      pages = 0
      isRunning = true
      worker ??= start()
      worker.postMessage(null)
    },
    async [Symbol.asyncDispose]() {
      worker?.removeAllListeners()
      await worker?.terminate()
    },
  }

  function start(): Worker {
    const started = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
      workerData: { path },
      execArgv: [],
    })
    started.unref()
    started.on('message', (logPages: number) => {
      isRunning = false
      log.debug({ pages: logPages }, 'checkpoint')
    })
    // Without the thread SQLite does it as it always would: correct, only less smooth.
    started.on('error', (error) => {
      log.error({ err: error }, 'the checkpoint thread failed; checkpoints are made on the main thread from now on')
      hasFailed = true
      setAutomatic(true)
    })
    return started
  }

  function setAutomatic(isAutomatic: boolean): void {
    database.exec(`pragma wal_autocheckpoint = ${isAutomatic ? checkpointAtPages : 0}`)
  }
}
