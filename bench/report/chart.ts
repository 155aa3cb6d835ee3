import { type RowName, ratio, rows, type Sheet } from '../sheet.ts'
import { figure } from './table.ts'

interface Bar {
  readonly label: string
  readonly value: number
  readonly ours: boolean
}

const charted: readonly RowName[] = ['one1000', 'many1000', 'connections', 'idle']
const size = { width: 720, left: 190, right: 70, bar: 16, gap: 6, title: 30, between: 18 }

/**
 * Ratios to Socket.IO as bars, one group a row. Lengths are logarithmic, because the ratios go from a half to forty.
 * Colours are chosen to be read on white and on black alike.
 */
export function chart(sheet: Sheet): string | null {
  const groups = charted.map((row) => ({ row, bars: barsOf(sheet, row) })).filter(({ bars }) => bars.length > 1)
  if (groups.length === 0) return null
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value))
  const scale = scaleFor(Math.min(1, ...values), Math.max(1, ...values))
  let y = 8
  const parts: string[] = []
  for (const { row, bars } of groups) {
    const { title, better } = rows[row]
    parts.push(
      text(8, y + 14, `${title}, times Socket.IO (${better === 'more' ? 'longer' : 'shorter'} is better)`, 'title'),
    )
    y += size.title - size.gap
    const top = y
    for (const bar of bars) {
      parts.push(...drawn(bar, y))
      y += size.bar + size.gap
    }
    parts.push(`<line class="one" x1="${scale(1)}" x2="${scale(1)}" y1="${top - 4}" y2="${y}"/>`)
    y += size.between
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${y}" width="${size.width}" height="${y}" role="img">
<title>Carillon and others as ratios to Socket.IO</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #777 }
.title { font-weight: 600 }
.ours { fill: #2f80c8 } .theirs { fill: #9a9a9a } .one { stroke: #777; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) { text { fill: #aaa } .ours { fill: #55a7ee } .theirs { fill: #7d7d7d } .one { stroke: #aaa } }
</style>
${parts.join('\n')}
</svg>
`

  function drawn({ label, value, ours }: Bar, top: number): string[] {
    const [from, to] = [scale(1), scale(value)]
    const baseline = top + size.bar - 4
    return [
      text(size.left - 8, baseline, label, 'label', 'end'),
      `<rect class="${ours ? 'ours' : 'theirs'}" x="${Math.min(from, to)}" y="${top}" width="${Math.max(2, Math.abs(to - from))}" height="${size.bar}" rx="2"/>`,
      text(Math.max(from, to) + 6, baseline, figure(value), 'value'),
    ]
  }
}

function barsOf(sheet: Sheet, row: RowName): readonly Bar[] {
  const base = sheet.values(row, 'Socket.IO')
  return sheet
    .peers(row)
    .map((label) => ({ label, value: ratio(sheet.values(row, label), base), ours: label.startsWith('Carillon') }))
    .filter(({ value }) => Number.isFinite(value) && value > 0)
    .sort((a, b) => (rows[row].better === 'more' ? b.value - a.value : a.value - b.value))
}

function scaleFor(least: number, most: number): (value: number) => number {
  const [from, to] = [Math.log(least / 1.3), Math.log(most * 1.1)]
  const width = size.width - size.left - size.right
  return (value) => Math.round(size.left + ((Math.log(value) - from) / (to - from)) * width)
}

function text(x: number, y: number, content: string, kind: string, anchor = 'start'): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`
}
