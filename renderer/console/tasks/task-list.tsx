import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMemo } from 'react'
import type { Me } from '#protocol/api.ts'
import { Bell } from '../../shared/bell.tsx'
import { useNow } from '../../shared/now.ts'
import type { LiveLink } from '../live-link.ts'
import { navigate } from '../location.ts'
import { MoreButton } from '../more-button.tsx'
import { mayOperate } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { addressFor, filterIn, isFiltered, queryFor } from './task-filter.ts'
import { TaskFilterForm } from './task-filter-form.tsx'
import { useTaskQueues } from './task-overview.tsx'
import { TaskTable } from './task-table.tsx'
import { useTaskList } from './use-live-tasks.ts'
import { useTaskDeeds } from './use-task-deeds.tsx'

interface TaskListProps {
  readonly me: Me
  readonly link: LiveLink
  /** What is in the address after `?`: the filter. */
  readonly query: string
}

/** Tasks with where they are, live, as far as the reader has asked for. */
export function TaskList({ me, link, query }: TaskListProps) {
  const now = useNow(1000)
  const [settled] = useDebouncedValue(query, 250)
  const filter = useMemo(() => filterIn(new URLSearchParams(settled)), [settled])
  // A span begins where it did when it was chosen: the list is not read anew as time goes by.
  const asked = useMemo(() => queryFor(filter, Date.now()), [filter])
  const tasks = useTaskList(link, me, asked)
  const queues = useTaskQueues(me)
  const deeds = useTaskDeeds((again) => {
    notifications.show({ message: `${again.name} has been submitted again.` })
  })
  const typed = filterIn(new URLSearchParams(query))
  const operates = mayOperate(me)
  return (
    <>
      {(tasks.items.length > 0 || isFiltered(typed)) && (
        <TaskFilterForm
          value={typed}
          queues={(queues.data ?? []).map(({ name }) => name)}
          withOwner={operates}
          onChange={(changed) => navigate(addressFor(changed), { replace: true })}
        />
      )}
      {tasks.data === undefined && <ProblemAlert error={tasks.error} />}
      {tasks.data !== undefined && tasks.items.length === 0 && (
        <NoTasks isFiltered={isFiltered(filter)} areMore={tasks.hasNextPage} />
      )}
      {tasks.items.length > 0 && (
        <TaskTable
          tasks={tasks.items}
          now={now}
          withOwner={operates}
          busyId={deeds.busyId}
          onCancel={deeds.cancel}
          onRetry={deeds.retry}
        />
      )}
      <MoreButton list={tasks} of="tasks" />
      {deeds.dialog}
    </>
  )
}

interface NoTasksProps {
  readonly isFiltered: boolean
  /** The server has not looked through all of them. */
  readonly areMore: boolean
}

function NoTasks({ isFiltered, areMore }: NoTasksProps) {
  return (
    <div className="empty empty-low" role="status">
      <Bell className="empty-mark" />
      {isFiltered ? (
        <>
          <h2>Nothing fits</h2>
          <p>
            {areMore
              ? 'None of the newest tasks fits this filter. Older ones have not been looked through yet.'
              : 'No task fits this filter. Change it or clear it.'}
          </p>
        </>
      ) : (
        <>
          <h2>No tasks yet</h2>
          <p>Work that takes its time appears here as soon as somebody submits it, and shows how far it is.</p>
        </>
      )}
    </div>
  )
}
