import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Health } from './node-server.ts'

/** From now on unhandled rejections are counted instead of ending the process. */
export function watchHealth(): () => Health {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  let unhandledRejections = 0
  delays.enable()
  process.on('unhandledRejection', (reason) => {
    unhandledRejections += 1
    process.stderr.write(`unhandled rejection: ${reason instanceof Error ? reason.stack : reason}\n`)
  })
  return () => {
    const { rss, heapUsed } = process.memoryUsage()
    // The histogram counts the pause it asked for too.
    const loopDelayP99Ms = Math.max(0, delays.percentile(99) / 1e6 - 10)
    delays.reset()
    return { residentBytes: rss, heapBytes: heapUsed, loopDelayP99Ms, unhandledRejections }
  }
}
