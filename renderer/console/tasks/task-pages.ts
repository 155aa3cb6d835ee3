import type { InfiniteData } from '@tanstack/react-query'
import type { TaskView } from '#protocol/tasks.ts'
import { hasEnded } from '../../shared/task-words.ts'
import type { Page } from '../use-list.ts'
import { pageSize } from './task-filter.ts'

export type TaskPages = InfiniteData<Page<TaskView>, string | null>

/** How many tasks may come in on top of those that were read. */
const roomForNew = 100

/**
 * The list as far as it has been read, after tasks have changed: rows change in place, what no longer fits goes, and
 * what is new comes in where it belongs, unless there is no room any more or it belongs to what has not been read.
 */
export function changePages(
  data: TaskPages,
  changed: ReadonlyMap<string, TaskView>,
  fits: (task: TaskView) => boolean,
): TaskPages {
  const [first, ...others] = data.pages
  if (first === undefined) return data
  const known = data.pages.flatMap(({ items }) => items)
  const kept = known.map((task) => newer(task, changed.get(task.id))).filter(fits)
  const ids = new Set(known.map(({ id }) => id))
  const isWhole = data.pages.at(-1)?.next === null
  const oldest = isWhole ? '' : (known.at(-1)?.submittedAt ?? '')
  const room = data.pages.length * pageSize + roomForNew - kept.length
  const added = [...changed.values()]
    .filter((task) => !ids.has(task.id) && fits(task) && task.submittedAt >= oldest)
    .slice(0, Math.max(0, room))
  if (added.length === 0 && kept.length === known.length && kept.every((task, at) => task === known[at])) return data
  // In which page a row stands is of no interest, only where the last of them ends.
  const items = added.length === 0 ? kept : [...kept, ...added].toSorted(newestFirst)
  return { ...data, pages: [{ ...first, items }, ...others.map((page) => ({ ...page, items: [] }))] }
}

/** Nothing but what was read first: that is what is read again when it cannot be known what was missed. */
export function firstPage(data: TaskPages | undefined): TaskPages | undefined {
  return data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) }
}

/** The later of what was read and what was told, which may have overtaken each other. */
export function newer<T extends TaskView>(read: T, told: TaskView | undefined): T {
  if (told === undefined || hasEnded(read) || told.tries < read.tries) return read
  return { ...read, ...told }
}

function newestFirst(a: TaskView, b: TaskView): number {
  return a.submittedAt < b.submittedAt ? 1 : a.submittedAt > b.submittedAt ? -1 : 0
}
