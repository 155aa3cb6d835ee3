/** From when to when a list is looked at. */
export const periods = ['hour', 'today', 'week', 'month', 'days'] as const
export type Period = (typeof periods)[number]

export const periodNames: Readonly<Record<Period, string>> = {
  hour: 'Last hour',
  today: 'Today',
  week: 'Last 7 days',
  month: 'Last 30 days',
  days: 'Chosen days',
}

/** Days of the reader's calendar, `2026-03-12`, both of them included; empty where there is no end. */
export interface Days {
  readonly from: string
  readonly to: string
}

export interface ChosenPeriod extends Days {
  readonly period: Period | ''
}

export const anyTime: ChosenPeriod = { period: '', from: '', to: '' }

/** ISO 8601; absent where there is no end. */
interface Moments {
  readonly from?: string
  readonly to?: string
}

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** What is asked of the server. Spans end with what is yet to come, so that new entries are shown. */
export function momentsOf({ period, from, to }: ChosenPeriod, now: number): Moments {
  if (period === 'days') return { ...moment('from', startOf(from)), ...moment('to', startOf(to, 1)) }
  return moment('from', beginnings[period](now))
}

/** As the address of a page has it. */
export function periodIn(query: URLSearchParams): ChosenPeriod {
  const period = periods.find((each) => each === query.get('period')) ?? ''
  return { period, from: query.get('from') ?? '', to: query.get('to') ?? '' }
}

/** The week up to today, to begin with. */
export function lastDays(now: number): Days {
  const today = new Date(now)
  const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 6)
  return { from: dayOf(first), to: dayOf(today) }
}

/** Whether the last day is before the first one. */
export function isTurnedRound({ from, to }: Days): boolean {
  return from !== '' && to !== '' && to < from
}

const beginnings: Readonly<Record<Exclude<Period, 'days'> | '', (now: number) => Date | null>> = {
  '': () => null,
  hour: (now) => new Date(now - hourMs),
  today: (now) => startOf(dayOf(new Date(now))),
  week: (now) => new Date(now - 7 * dayMs),
  month: (now) => new Date(now - 30 * dayMs),
}

function moment(name: 'from' | 'to', at: Date | null): Moments {
  return at === null ? {} : { [name]: at.toISOString() }
}

/** Midnight of the reader. Null for what is no day of our times: a year is typed digit by digit. */
function startOf(day: string, later = 0): Date | null {
  const [, year, month, date] = /^(2\d{3})-(\d\d)-(\d\d)$/.exec(day) ?? []
  const at = new Date(Number(year), Number(month) - 1, Number(date) + later)
  return Number.isNaN(at.getTime()) ? null : at
}

function dayOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}
