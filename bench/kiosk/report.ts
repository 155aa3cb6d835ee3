import { type Growth, mostGrowth, type Sample } from './growth.ts'

/** The whole app with a simple page, in megabytes: the aim for a machine with 1 GB. */
export const aimMegabytes = 300

export function sampleLine({ switches, seconds, megabytes, byPart, processes, openFiles, heap }: Sample, of: number) {
  const parts = Object.entries(byPart).map(([part, value]) => `${part} ${value.toFixed(0)}`)
  return (
    `${String(switches).padStart(5)} of ${of}  ${minutes(seconds)}  ${megabytes.toFixed(1)} MB (${parts.join(', ')})  ` +
    `${processes} processes  ${openFiles} files  heap ${heap.toFixed(1)} MB`
  )
}

export interface SwitchingReport {
  readonly about: string
  readonly switches: number
  readonly samples: readonly Sample[]
  readonly growth: Growth
}

export function switchingMarkdown({ about, switches, samples, growth }: SwitchingReport): string {
  const { early, late, slope, slopeError, most } = growth
  const row = (name: string, of: keyof typeof early, digits: number) =>
    `| ${name} | ${early[of].toFixed(digits)} | ${late[of].toFixed(digits)} | ${mostGrowth[of]} |`
  const parts = Object.keys(samples.at(-1)?.byPart ?? {})
  const [warm, last] = [samples.find((one) => one.switches >= switches / 10), samples.at(-1)]
  return [
    `${switches.toLocaleString('en')} switches in ${minutes(last?.seconds ?? 0)}. ${about}`,
    '',
    '| | after a tenth | at the end | may grow by |',
    '|---|---:|---:|---:|',
    row('whole app, a simple page, PSS in MB', 'megabytes', 1),
    ...parts.map((part) => `| ${part} | ${mb(warm?.byPart[part])} | ${mb(last?.byPart[part])} | |`),
    row('JavaScript of the main process, MB', 'heap', 1),
    row('timers, sockets and the like of the main process', 'waitsFor', 1),
    row('processes', 'processes', 1),
    row('threads', 'threads', 1),
    row('open files', 'openFiles', 1),
    '',
    `Slope: ${slope.toFixed(2)} ± ${slopeError.toFixed(2)} MB for 1,000 switches. The most seen: ${most.toFixed(1)} MB, ${most < aimMegabytes ? 'under' : 'NOT under'} ${aimMegabytes}.`,
    '',
  ].join('\n')
}

function mb(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(1)
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(1)} min`
}
