import { Button, Select, TextInput } from '@mantine/core'
import { taskStates } from '#protocol/tasks.ts'
import { stateWords } from '../../shared/task-words.ts'
import { MomentField } from './moment-field.tsx'
import { isFiltered, noFilter, type TaskFilter } from './task-filter.ts'

interface TaskFilterFormProps {
  readonly value: TaskFilter
  /** Names of queues; without them it is not asked for. */
  readonly queues: readonly string[]
  /** Whether there are others' tasks. */
  readonly withOwner: boolean
  readonly onChange: (value: TaskFilter) => void
}

export function TaskFilterForm({ value, queues, withOwner, onChange }: TaskFilterFormProps) {
  const set = (change: Partial<TaskFilter>) => onChange({ ...value, ...change })
  const offered = value.queue === '' || queues.includes(value.queue) ? queues : [...queues, value.queue]
  return (
    <search className="task-filter" aria-label="Filter">
      <Select
        label="State"
        placeholder="All"
        data={states}
        clearable
        clearButtonProps={{ 'aria-label': 'All states' }}
        value={value.state || null}
        onChange={(state) => set({ state: state ?? '' })}
      />
      <TextInput
        label="Task"
        placeholder="Beginning of its name"
        autoComplete="off"
        spellCheck={false}
        maxLength={199}
        value={value.name}
        onChange={({ currentTarget }) => set({ name: currentTarget.value })}
      />
      {withOwner && (
        <TextInput
          label="Owner"
          placeholder="Name or id"
          autoComplete="off"
          maxLength={200}
          value={value.owner}
          onChange={({ currentTarget }) => set({ owner: currentTarget.value })}
        />
      )}
      {offered.length > 0 && (
        <Select
          label="Queue"
          placeholder="All"
          data={offered}
          clearable
          clearButtonProps={{ 'aria-label': 'All queues' }}
          value={value.queue || null}
          onChange={(queue) => set({ queue: queue ?? '' })}
        />
      )}
      <MomentField label="From" value={value.from} onChange={(from) => set({ from })} />
      <MomentField label="To" value={value.until} onChange={(until) => set({ until })} />
      {isFiltered(value) && (
        <Button variant="subtle" onClick={() => onChange(noFilter)}>
          Clear filter
        </Button>
      )}
    </search>
  )
}

const states = taskStates.map((state) => ({
  value: state as string,
  label: stateWords({ state, isCancelling: false }),
}))
