import type { Bus } from '#server/broker/bus.ts'
import { exposition } from '#server/metrics/exposition.ts'
import type { Metrics } from '#server/metrics/metrics.ts'

/** Reads the metrics of all processes that share this address. */
export interface MetricsReader extends Disposable {
  /** The text that Prometheus reads. */
  read(): Promise<string>
}

export interface MetricsReaderOptions {
  readonly metrics: Pick<Metrics, 'read'>
  readonly bus: Bus
  /**
   * The same for the processes behind one address, which no scraper can ask one by one; another for those of other
   * machines, which have an address of their own.
   */
  readonly installation: string
}

/** A process that does not answer in time is missing from the text: better than no text. */
const answerMs = 2_000

export function createMetricsReader({ metrics, bus, installation }: MetricsReaderOptions): MetricsReader {
  const stop = bus.handle('metrics', (asker) => (asker === installation ? metrics.read() : null))
  return {
    async read() {
      const { answers } = await bus.askAll('metrics', installation, answerMs)
      return exposition([...answers.values()])
    },
    [Symbol.dispose]: stop,
  }
}
