import { Button, TextInput } from '@mantine/core'
import { taskStates } from '#protocol/tasks.ts'
import { stateWords } from '../../shared/task-words.ts'
import { ChoiceField } from '../choice-field.tsx'
import { PeriodFields } from '../period-fields.tsx'
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
    <search className="filter" aria-label="Filter">
      <ChoiceField
        label="State"
        placeholder="All"
        data={states}
        none="All states"
        value={value.state}
        onChange={(state) => set({ state })}
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
        <ChoiceField
          label="Queue"
          placeholder="All"
          data={offered}
          none="All queues"
          value={value.queue}
          onChange={(queue) => set({ queue })}
        />
      )}
      <PeriodFields label="Submitted" value={value} onChange={set} />
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
