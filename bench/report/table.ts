import { median, type RowName, ratio, rows, type Sheet } from '../sheet.ts'
import type { Verdict } from '../targets.ts'
import type { Machine } from './machine.ts'

export interface Report {
  readonly machine: Machine
  readonly rounds: number
  readonly sheet: Sheet
  readonly verdicts: readonly Verdict[]
  /** Peers that were not measured, and why. */
  readonly missing: readonly { readonly name: string; readonly why: string }[]
}

/** The whole result as Markdown. */
export function markdown({ machine, rounds, sheet, verdicts, missing }: Report): string {
  const { date, processor, cores, system, node, commit } = machine
  const lines = [
    '# Measured',
    '',
    `${date}, ${cores} cores of ${processor}, ${system}, Node ${node}, commit ${commit}. ${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds, in parentheses the smallest and the largest`}. What each figure means: [docs/performance.md](../../docs/performance.md).`,
    '',
  ]
  if (verdicts.length > 0) {
    lines.push('| target | reached | |', '|---|---:|---|')
    for (const { sentence, value, met } of verdicts) {
      lines.push(`| ${sentence} | ${figure(value)} | ${met ? 'met' : '**missed**'} |`)
    }
    lines.push('')
  }
  for (const name of Object.keys(rows) as RowName[]) {
    const peers = sheet.peers(name)
    if (peers.length === 0) continue
    const { title, unit } = rows[name]
    const hasSocketIo = peers.includes('Socket.IO')
    lines.push(
      `## ${title}`,
      '',
      `| | ${unit} |${hasSocketIo ? ' times Socket.IO |' : ''}`,
      `|---|---:|${hasSocketIo ? '---:|' : ''}`,
    )
    for (const peer of peers) {
      const values = sheet.values(name, peer)
      const times = hasSocketIo ? ` ${figure(ratio(values, sheet.values(name, 'Socket.IO')))} |` : ''
      lines.push(`| ${peer} | ${spread(values)} |${times}`)
    }
    lines.push('')
  }
  for (const { name, why } of missing) lines.push(`${name} was not measured: ${why}.`, '')
  return lines.join('\n')
}

/** Three digits that matter. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return 'could not'
  if (value >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function spread(values: readonly number[]): string {
  const middle = figure(median(values))
  if (values.length < 2) return middle
  return `${middle} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`
}
