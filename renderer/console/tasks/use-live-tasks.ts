import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { Me } from '#protocol/api.ts'
import type { TaskDetail, TaskView } from '#protocol/tasks.ts'
import { useApi } from '../api-context.ts'
import type { LiveLink } from '../live-link.ts'
import { mayOperate } from '../permissions.ts'
import { useList } from '../use-list.ts'
import { fits, type TaskQuery } from './task-filter.ts'
import { changePages, firstPage, newer, type TaskPages } from './task-pages.ts'
import { watchTasks } from './watch-tasks.ts'

export const listKey = (filter: TaskQuery) => ['tasks', filter] as const
export const taskKey = (id: string) => ['task', id] as const

/** The list with this filter, as far as it has been read, as tasks change. */
export function useTaskList(link: LiveLink, me: Me, filter: TaskQuery) {
  const { tasks: api } = useApi()
  const queries = useQueryClient()
  const channel = channelFor(me)
  const list = useList(listKey(filter), (cursor) => api.list(filter, cursor), { isLive: true })
  const { isFetching } = list
  // What is told while a page is read may be older or newer than the page, which takes the place of what was there.
  const meanwhile = useRef(new Map<string, TaskView>())

  const shown = useRef(filter)
  useEffect(() => {
    shown.current = filter
  }, [filter])

  useEffect(
    () =>
      watchTasks(link.client, channel, {
        onTasks: (tasks) => {
          if (queries.isFetching({ queryKey: listKey(shown.current) }) > 0) keep(meanwhile.current, tasks)
          change(queries, shown.current, tasks)
        },
        onUnknown: () => void readAgain(queries, shown.current),
      }),
    [link, channel, queries],
  )
  useEffect(() => {
    if (isFetching || meanwhile.current.size === 0) return
    change(queries, filter, meanwhile.current)
    meanwhile.current = new Map()
  }, [isFetching, queries, filter])
  return list
}

function change(queries: QueryClient, filter: TaskQuery, tasks: ReadonlyMap<string, TaskView>): void {
  queries.setQueryData<TaskPages>(
    listKey(filter),
    (read) => read && changePages(read, tasks, (task) => fits(filter, task)),
  )
}

/** The first page, once more; an answer that is on its way may be from before. */
async function readAgain(queries: QueryClient, filter: TaskQuery): Promise<void> {
  const queryKey = listKey(filter)
  await queries.cancelQueries({ queryKey })
  queries.setQueryData<TaskPages>(queryKey, firstPage)
  await queries.invalidateQueries({ queryKey })
}

function keep(kept: Map<string, TaskView>, tasks: ReadonlyMap<string, TaskView>): void {
  for (const [id, task] of tasks) kept.set(id, task)
  for (const id of kept.keys()) {
    if (kept.size <= mostKept) break
    kept.delete(id)
  }
}
const mostKept = 2000

/** One task, as it changes. Its life is read again where it goes on; progress alone comes with what is told. */
export function useLiveTask(link: LiveLink, me: Me, id: string): void {
  const queries = useQueryClient()
  const channel = channelFor(me)
  useEffect(() => {
    const queryKey = taskKey(id)
    const readAgain = (): void => void queries.invalidateQueries({ queryKey })
    const onTasks = (tasks: ReadonlyMap<string, TaskView>): void => {
      const read = queries.getQueryData<TaskDetail>(queryKey)
      const told = tasks.get(id)
      if (read === undefined || told === undefined) return
      queries.setQueryData(queryKey, newer(read, told))
      if (goesOn(read, told)) readAgain()
    }
    // An answer that is on its way may be from before.
    const onUnknown = (): void => void queries.cancelQueries({ queryKey }).then(readAgain)
    return watchTasks(link.client, channel, { onTasks, onUnknown })
  }, [link, channel, queries, id])
}

/** Everybody's, or one's own. */
function channelFor(me: Me): string {
  return mayOperate(me) ? 'tasks:all' : `#${me.id}`
}

function goesOn(read: TaskView, told: TaskView): boolean {
  return read.state !== told.state || read.tries !== told.tries || read.isCancelling !== told.isCancelling
}
