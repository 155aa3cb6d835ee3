import { median, type RowName, ratio, type Sheet } from './sheet.ts'

/** What Carillon means to reach: a figure of its own, or a ratio of two figures of the same round. */
interface Target {
  readonly sentence: string
  readonly value: (sheet: Sheet) => number
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Verdict {
  readonly sentence: string
  readonly value: number
  readonly met: boolean
}

const targets: readonly Target[] = [
  {
    sentence: 'One publication at a time: at least 1.5 times Socket.IO',
    value: against('one1000', 'Carillon', 'Socket.IO'),
    atLeast: 1.5,
  },
  {
    sentence: 'One publication at a time: at least 0.65 times the limit of one write per delivery',
    value: against('one1000', 'Carillon', 'C, one write per delivery'),
    atLeast: 0.65,
  },
  {
    sentence: '32 publications under way: at least 30 times Socket.IO',
    value: against('many1000', 'Carillon', 'Socket.IO'),
    atLeast: 30,
  },
  {
    sentence: '32 publications under way: at least 2.5 times NATS',
    value: against('many1000', 'Carillon', 'NATS'),
    atLeast: 2.5,
  },
  {
    sentence: 'p99 at ten times the load of Socket.IO: at most 1 times that of Socket.IO at its own',
    value: (sheet) => ratio(sheet.values('tenfoldP99', 'Carillon'), sheet.values('halfP99', 'Socket.IO')),
    atMost: 1,
  },
  {
    sentence: 'An idle connection: at most 11 KiB',
    value: (sheet) => median(sheet.values('idle', 'Carillon')),
    atMost: 11,
  },
  {
    sentence: 'An idle connection: at most 0.5 times Socket.IO',
    value: against('idle', 'Carillon', 'Socket.IO'),
    atMost: 0.5,
  },
  {
    sentence: 'Connecting by ticket: at least 2 times Socket.IO, which asks nobody who they are',
    value: against('connections', 'Carillon, by ticket', 'Socket.IO'),
    atLeast: 2,
  },
  {
    sentence: 'Connecting by JWT: at least 1 times Socket.IO, which asks nobody who they are',
    value: against('connections', 'Carillon, by JWT', 'Socket.IO'),
    atLeast: 1,
  },
  {
    sentence: 'History on, one publication at a time: at least 0.5 times without',
    value: against('one1000', 'Carillon, with history', 'Carillon'),
    atLeast: 0.5,
  },
  {
    sentence: 'History on, 32 publications under way: at least 0.5 times without',
    value: against('many1000', 'Carillon, with history', 'Carillon'),
    atLeast: 0.5,
  },
  {
    sentence: 'Through Redis, confirmed: at least 5,000 publications a second',
    value: (sheet) => median(sheet.values('confirmed', 'Carillon, with Redis')),
    atLeast: 5000,
  },
]

/** Of those targets whose figures were measured. */
export function verdicts(sheet: Sheet): readonly Verdict[] {
  return targets
    .map(({ sentence, value, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }) => {
      const reached = value(sheet)
      return { sentence, value: reached, met: reached >= atLeast && reached <= atMost }
    })
    .filter(({ value }) => !Number.isNaN(value))
}

function against(row: RowName, ours: string, theirs: string) {
  return (sheet: Sheet) => ratio(sheet.values(row, ours), sheet.values(row, theirs))
}
