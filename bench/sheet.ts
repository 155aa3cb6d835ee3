/** One kind of figure. */
export interface Row {
  readonly title: string
  readonly unit: string
  readonly better: 'more' | 'less'
}

const deliveries = { unit: 'deliveries / CPU s', better: 'more' } as const
const milliseconds = { unit: 'ms', better: 'less' } as const

/** Everything that may be measured, in the order of the report. */
export const rows = {
  one1000: { title: '1,000 subscribers, one publication at a time', ...deliveries },
  many1000: { title: '1,000 subscribers, 32 publications under way', ...deliveries },
  one5000: { title: '5,000 subscribers, one publication at a time', ...deliveries },
  many5000: { title: '5,000 subscribers, 32 publications under way', ...deliveries },
  halfRate: {
    title: 'Half of its own maximum with 1,000 subscribers: the load of the next two',
    unit: 'publications / s',
    better: 'more',
  },
  halfP50: { title: 'Latency at half of its own maximum, median', ...milliseconds },
  halfP99: { title: 'Latency at half of its own maximum, p99', ...milliseconds },
  tenfoldP50: { title: 'Latency at ten times the load that Socket.IO has above, median', ...milliseconds },
  tenfoldP99: { title: 'Latency at ten times the load that Socket.IO has above, p99', ...milliseconds },
  connections: { title: 'Connected, authenticated and subscribed', unit: 'connections / CPU s', better: 'more' },
  idle: { title: 'An idle subscribed connection', unit: 'KiB resident', better: 'less' },
  confirmed: {
    title: 'Publications confirmed, 64 under way, nobody subscribed',
    unit: 'publications / s',
    better: 'more',
  },
  confirmedHttp: {
    title: 'Publications confirmed through the HTTP API, 16 connections',
    unit: 'publications / s',
    better: 'more',
  },
} as const satisfies Record<string, Row>
export type RowName = keyof typeof rows

/** What was measured: for each row and peer one value a round. NaN where a peer could not do it. */
export interface Sheet {
  put(row: RowName, peer: string, value: number): void
  /** In the order of the rounds; empty when it was not measured. */
  values(row: RowName, peer: string): readonly number[]
  peers(row: RowName): readonly string[]
}

export function createSheet(): Sheet {
  const cells = new Map<RowName, Map<string, number[]>>()
  return {
    put(row, peer, value) {
      const ofRow = cells.get(row) ?? new Map<string, number[]>()
      cells.set(row, ofRow)
      const values = ofRow.get(peer) ?? []
      ofRow.set(peer, values)
      values.push(value)
    },
    values: (row, peer) => cells.get(row)?.get(peer) ?? [],
    peers: (row) => [...(cells.get(row)?.keys() ?? [])],
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0 || sorted.some(Number.isNaN)) return Number.NaN
  return sorted.length % 2 === 1 ? Number(sorted[middle]) : (Number(sorted[middle - 1]) + Number(sorted[middle])) / 2
}

/** How many times `of` `to` is, each round by itself, and of those the median: a slow round is slow for both. */
export function ratio(of: readonly number[], to: readonly number[]): number {
  return median(of.slice(0, to.length).map((value, round) => value / Number(to[round])))
}
