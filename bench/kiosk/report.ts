import { type Growth, mostGrowth, type Sample } from './growth.ts'
import type { Healed } from './healing.ts'

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
  const row = (name: string, of: keyof typeof mostGrowth) =>
    `| ${name} | ${early[of].toFixed(1)} | ${late[of].toFixed(1)} | ${mostGrowth[of]} |`
  const parts = Object.keys(samples.at(-1)?.byPart ?? {})
  const [warm, last] = [samples.find((one) => one.switches >= switches / 10), samples.at(-1)]
  return [
    `${switches.toLocaleString('en')} switches in ${minutes(last?.seconds ?? 0)}. ${about}`,
    '',
    '| | after a tenth | at the end | may grow by |',
    '|---|---:|---:|---:|',
    `| whole app with a simple page, PSS in MB | ${mb(early.megabytes)} | ${mb(late.megabytes)} | |`,
    row('of that its own, of no file', 'own'),
    ...parts.map((part) => `| ${part} | ${mb(warm?.byPart[part])} | ${mb(last?.byPart[part])} | |`),
    row('JavaScript of the main process, MB', 'heap'),
    row('timers, sockets and the like of the main process', 'waitsFor'),
    row('processes', 'processes'),
    row('threads', 'threads'),
    row('open files', 'openFiles'),
    '',
    `Slope: ${slope.toFixed(2)} ± ${slopeError.toFixed(2)} MB of its own for 1,000 switches. The most seen: ${most.toFixed(1)} MB, ${most < aimMegabytes ? 'under' : 'NOT under'} ${aimMegabytes}.`,
    '',
  ].join('\n')
}

/** Within so many seconds the server knows of a fault, and the page is back, besides what it waits for by design. */
const knownWithin = 10
const backWithin = 15

export function healedLine({ title, code, known, back }: Healed): string {
  return `the page ${title} (${code ?? 'offline'}): known after ${known.toFixed(1)} s, back after ${back.toFixed(1)} s`
}

export function healingMarkdown(about: string, healed: readonly Healed[]): string {
  return [
    `Each fault of a page once, in seconds. ${about}`,
    '',
    '| the page | code | the server knows after | it is back after | counted from |',
    '|---|---|---:|---:|---|',
    ...healed.map(({ title, code, waits, countsFrom, known, back }) => {
      const seconds = `${known.toFixed(1)}${wait(waits.known)} | ${back.toFixed(1)}${wait(waits.back)}`
      return `| ${title} | ${code === null ? 'offline' : `\`${code}\``} | ${seconds} | ${countsFrom} |`
    }),
    '',
  ].join('\n')
}

/** What took longer than it may, in words. */
export function lateFaults(healed: readonly Healed[]): readonly string[] {
  return healed.flatMap(({ title, waits, known, back }) => [
    ...(known > knownWithin + (waits.known ?? 0) ? [`${title}: the server knew after ${known.toFixed(1)} s`] : []),
    ...(back > backWithin + (waits.back ?? 0) ? [`${title}: the page was back after ${back.toFixed(1)} s`] : []),
  ])
}

function wait(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` (waits ${seconds})`
}

function mb(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(1)
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(1)} min`
}
