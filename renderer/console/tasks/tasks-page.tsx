import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import { useApi } from '../api-context.ts'
import type { LiveLink } from '../live-link.ts'
import { SubmitDialog } from './submit-dialog.tsx'
import { TaskList } from './task-list.tsx'
import { TaskOverview } from './task-overview.tsx'

interface TasksPageProps {
  readonly me: Me
  readonly link: LiveLink
  /** What is in the address after `?`. */
  readonly query: string
}

/** Long work: what waits, who carries it out, and every task with where it is. */
export function TasksPage({ me, link, query }: TasksPageProps) {
  const { tasks } = useApi()
  const [submitting, setSubmitting] = useState(false)
  const definitions = useQuery({ queryKey: ['task-definitions'], queryFn: tasks.definitions, refetchInterval: 60_000 })
  const known = definitions.data ?? []
  return (
    <>
      <div className="page-head">
        <h1>Tasks</h1>
        {known.length > 0 && (
          <Button
            leftSection={<IconPlus size={18} stroke={1.8} aria-hidden="true" />}
            onClick={() => setSubmitting(true)}
          >
            Submit a task
          </Button>
        )}
      </div>
      <TaskOverview me={me} definitions={known} />
      <TaskList me={me} link={link} query={query} />
      <SubmitDialog opened={submitting} definitions={known} onClose={() => setSubmitting(false)} />
    </>
  )
}
