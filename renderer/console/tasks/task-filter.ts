import { type TaskView, taskState } from '#protocol/tasks.ts'
import { anyTime, type ChosenPeriod, momentsOf, periodIn } from '../period.ts'
import { queryOf } from '../query-of.ts'

/** How many tasks are read at a time. */
export const pageSize = 50

/** What the list is filtered by, as the address has it: empty where nothing is chosen. */
export interface TaskFilter extends ChosenPeriod {
  readonly state: string
  readonly name: string
  readonly owner: string
  readonly queue: string
}

/** What is asked of the server: instants in UTC, and a name that may end with `*`. */
export interface TaskQuery {
  readonly state: string
  readonly name: string
  readonly owner: string
  readonly queue: string
  readonly from: string
  readonly until: string
}

export const noFilter: TaskFilter = { state: '', name: '', owner: '', queue: '', ...anyTime }

/** The filter in an address. What no server would understand is left out. */
export function filterIn(query: URLSearchParams): TaskFilter {
  const text = (name: keyof TaskFilter) => (query.get(name) ?? '').slice(0, 200)
  return {
    state: taskState.safeParse(query.get('state')).data ?? '',
    name: text('name'),
    owner: text('owner'),
    queue: text('queue'),
    ...periodIn(query),
  }
}

/** Where the list is shown with this filter. */
export function addressFor(filter: Partial<TaskFilter>): string {
  return `/tasks${queryOf(filter)}`
}

export function isFiltered(filter: TaskFilter): boolean {
  return Object.values(filter).some((field) => field.trim() !== '')
}

/** Spans begin where they do now. A name is the beginning of one. */
export function queryFor({ state, queue, ...filter }: TaskFilter, now: number): TaskQuery {
  const name = filter.name.trim().replace(/\*+$/, '')
  const { from = '', to: until = '' } = momentsOf(filter, now)
  return { state, queue, owner: filter.owner.trim(), name: name === '' ? '' : `${name}*`, from, until }
}

/** Whether the server would list a task, for those that come in live. */
export function fits(query: TaskQuery, { state, name, owner, queue, submittedAt }: TaskView): boolean {
  const submitted = Date.parse(submittedAt)
  return (
    (query.state === '' || query.state === state) &&
    name.startsWith(query.name.replace(/\*$/, '')) &&
    (query.owner === '' || (owner !== null && (owner.id === query.owner || owner.name === query.owner))) &&
    (query.queue === '' || query.queue === queue) &&
    (query.from === '' || submitted >= Date.parse(query.from)) &&
    (query.until === '' || submitted < Date.parse(query.until))
  )
}
