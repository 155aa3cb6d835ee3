import type { Machine } from '../report/machine.ts'
import { figure } from '../report/table.ts'
import { median, ratio } from '../sheet.ts'

/** One value a round. */
export interface TaskFigures {
  readonly carillon: readonly number[]
  readonly python: readonly number[]
  readonly published: readonly number[]
  readonly ingested: readonly number[]
  readonly embeddedMs: readonly number[]
  readonly overRabbitMqMs: readonly number[]
}

const targets = [
  {
    sentence: 'An empty task through `carillon worker`: at least 4 times Celery in Python',
    value: ({ carillon, python }) => ratio(carillon, python),
    isMet: (value) => value >= 4,
  },
  {
    sentence: 'From submitted to its result pushed, embedded: median under 15 ms',
    value: ({ embeddedMs }) => median(embeddedMs),
    isMet: (value) => value < 15,
  },
  {
    sentence: 'From submitted to its result pushed, over RabbitMQ: median under 30 ms',
    value: ({ overRabbitMqMs }) => median(overRabbitMqMs),
    isMet: (value) => value < 30,
  },
] as const satisfies readonly {
  readonly sentence: string
  readonly value: (figures: TaskFigures) => number
  readonly isMet: (value: number) => boolean
}[]

const rows = [
  ['`carillon worker`, 2 threads', 'tasks / s', 'carillon'],
  ['Celery in Python, 2 processes', 'tasks / s', 'python'],
  ['Published, persistent and confirmed, 500 at a time', 'messages / s', 'published'],
  ['From RabbitMQ to 1,000 sockets', 'events / s', 'ingested'],
  ['From submitted to its result pushed, embedded', 'ms', 'embeddedMs'],
  ['From submitted to its result pushed, over RabbitMQ', 'ms', 'overRabbitMqMs'],
] as const satisfies readonly (readonly [string, string, keyof TaskFigures])[]

export interface TaskReport {
  readonly machine: Machine
  readonly rounds: number
  /** Processes that wanted to run, on average over the minute before. */
  readonly load: number
  readonly figures: TaskFigures
}

/** The whole result as Markdown. */
export function taskMarkdown({ machine, rounds, load, figures }: TaskReport): string {
  const { date, processor, cores, system, node, commit } = machine
  const measured = `${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`}; the load of the machine was ${figure(load)} before.`
  const about = `${date}, ${cores} cores of ${processor}, ${system}, Node ${node}, commit ${commit}. ${measured}`
  return [
    '# Tasks and events',
    '',
    `${about} What each figure means: [docs/performance.md](../../docs/performance.md#tasks-and-events).`,
    '',
    '| target | reached | |',
    '|---|---:|---|',
    ...targets.map(({ sentence, value, isMet }) => {
      const reached = value(figures)
      return `| ${sentence} | ${figure(reached)} | ${isMet(reached) ? 'met' : '**missed**'} |`
    }),
    '',
    '| | | |',
    '|---|---:|---|',
    ...rows.map(([title, unit, name]) => `| ${title} | ${figure(median(figures[name]))} | ${unit} |`),
    '',
  ].join('\n')
}
