import { ActionIcon, Button } from '@mantine/core'
import { IconRotateClockwise, IconX } from '@tabler/icons-react'
import type { TaskView } from '#protocol/tasks.ts'
import { hasEnded } from '../../shared/task-words.ts'

interface TaskDeedButtonProps {
  readonly task: TaskView
  readonly isBusy: boolean
  /** Only a picture, as in a row of a list. */
  readonly small?: boolean
  readonly onCancel: (task: TaskView) => void
  readonly onRetry: (task: TaskView) => void
}

/** What can be done about a task: cancel it while it is not over, run it again when it is. */
export function TaskDeedButton({ task, isBusy, small = false, onCancel, onRetry }: TaskDeedButtonProps) {
  if (!hasEnded(task) && task.isCancelling) return null
  const { label, icon: Icon } = hasEnded(task) ? retry : cancel
  const perform = () => (hasEnded(task) ? onRetry(task) : onCancel(task))
  if (!small) {
    return (
      <Button
        variant="default"
        loading={isBusy}
        leftSection={<Icon size={18} stroke={1.6} aria-hidden="true" />}
        onClick={perform}
      >
        {label}
      </Button>
    )
  }
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      loading={isBusy}
      title={label}
      aria-label={`${label}: ${task.name}`}
      onClick={perform}
    >
      <Icon size={18} stroke={1.6} aria-hidden="true" />
    </ActionIcon>
  )
}

const cancel = { label: 'Cancel', icon: IconX } as const
const retry = { label: 'Run again', icon: IconRotateClockwise } as const
