import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'
import { z } from 'zod'

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** What `Metrics.read` answers, as it comes from another process. */
const reading = z.array(
  z.looseObject({
    name: z.string(),
    help: z.string(),
    type: z.string(),
    // What has not been measured yet is no number, and on its way through JSON null.
    values: z
      .array(z.looseObject({ value: z.unknown() }))
      .transform((values) => values.filter(({ value }) => Number.isFinite(value))),
  }),
)

/**
 * One text for Prometheus from the readings of several processes: counters and histograms are added up, gauges as each
 * of them says. What is no reading is left out.
 */
export async function exposition(readings: readonly unknown[]): Promise<string> {
  const valid = readings.flatMap((each) => {
    const parsed = reading.safeParse(each)
    return parsed.success ? [parsed.data as unknown as MetricObjectWithValues<MetricValue<string>>[]] : []
  })
  return AggregatorRegistry.aggregate(valid).metrics()
}
