import type { Logger } from 'pino'
import type { CommandRecords } from './command-records.ts'

const intervalMs = 60_000

/** Removes what is older than is kept. */
export function startSweep({
  records,
  log,
}: {
  readonly records: Pick<CommandRecords, 'sweep'>
  readonly log: Logger
}): AsyncDisposable {
  let round = Promise.resolve()
  const timer = setInterval(() => {
    round = round
      .then(records.sweep)
      .catch((error: unknown) => log.error({ err: error }, 'the sweep of commands failed'))
  }, intervalMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await round
    },
  }
}
