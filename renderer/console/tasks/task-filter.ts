import { instant } from '#protocol/api.ts'
import { type TaskView, taskState } from '#protocol/tasks.ts'
import { queryOf } from '../query-of.ts'

/** How many tasks are read at a time. */
export const pageSize = 50

/** What the list is filtered by, as the address has it: empty where nothing is chosen, instants in UTC. */
export interface TaskFilter {
  readonly state: string
  readonly name: string
  readonly owner: string
  readonly queue: string
  readonly from: string
  readonly until: string
}

export const noFilter: TaskFilter = { state: '', name: '', owner: '', queue: '', from: '', until: '' }

/** The filter in an address. What no server would understand is left out. */
export function filterIn(query: URLSearchParams): TaskFilter {
  const text = (name: keyof TaskFilter) => (query.get(name) ?? '').slice(0, 200)
  const only = (name: keyof TaskFilter, schema: typeof instant | typeof taskState) =>
    schema.safeParse(query.get(name)).data ?? ''
  return {
    state: only('state', taskState),
    name: text('name'),
    owner: text('owner'),
    queue: text('queue'),
    from: only('from', instant),
    until: only('until', instant),
  }
}

/** Where the list is shown with this filter. */
export function addressFor(filter: Partial<TaskFilter>): string {
  return `/tasks${queryOf(filter)}`
}

export function isFiltered(filter: TaskFilter): boolean {
  return Object.values(filter).some((field) => field.trim() !== '')
}

/** What is asked of the server. A name is the beginning of one. */
export function queryFor(filter: TaskFilter): Partial<TaskFilter> {
  const name = beginning(filter)
  return { ...filter, owner: filter.owner.trim(), name: name === '' ? '' : `${name}*` }
}

/** Whether the server would list a task, for those that come in live. */
export function fits(filter: TaskFilter, { state, name, owner, queue, submittedAt }: TaskView): boolean {
  const submitted = Date.parse(submittedAt)
  const wanted = filter.owner.trim()
  return (
    (filter.state === '' || filter.state === state) &&
    name.startsWith(beginning(filter)) &&
    (wanted === '' || (owner !== null && (owner.id === wanted || owner.name === wanted))) &&
    (filter.queue === '' || filter.queue === queue) &&
    (filter.from === '' || submitted >= Date.parse(filter.from)) &&
    (filter.until === '' || submitted < Date.parse(filter.until))
  )
}

function beginning({ name }: TaskFilter): string {
  return name.trim().replace(/\*+$/, '')
}
