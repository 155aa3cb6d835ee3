import { Button, TextInput } from '@mantine/core'
import { auditActions, auditOutcome } from '#protocol/audit.ts'
import { ChoiceField } from '../choice-field.tsx'
import { PeriodFields } from '../period-fields.tsx'
import { actionNames, type FilterFields, noFilter, outcomeNames } from './audit-words.ts'

interface AuditFilterFormProps {
  readonly value: FilterFields
  readonly onChange: (value: FilterFields) => void
}

export function AuditFilterForm({ value, onChange }: AuditFilterFormProps) {
  const set = (change: Partial<FilterFields>) => onChange({ ...value, ...change })
  return (
    <search className="filter" aria-label="Filter">
      <TextInput
        label="Who"
        placeholder="Name or id"
        value={value.who}
        onChange={({ currentTarget }) => set({ who: currentTarget.value })}
      />
      <ChoiceField
        label="What"
        placeholder="Everything"
        data={actions}
        searchable
        none="Everything"
        value={value.action}
        onChange={(action) => set({ action })}
      />
      <ChoiceField
        label="Outcome"
        placeholder="All"
        data={outcomes}
        none="All outcomes"
        value={value.outcome}
        onChange={(outcome) => set({ outcome })}
      />
      <PeriodFields label="When" value={value} onChange={set} />
      {Object.values(value).some((field) => field !== '') && (
        <Button variant="subtle" onClick={() => onChange(noFilter)}>
          Clear filter
        </Button>
      )}
    </search>
  )
}

const actions = auditActions
  .map((action) => ({ value: action as string, label: actionNames[action] }))
  .toSorted((a, b) => a.label.localeCompare(b.label))
const outcomes = auditOutcome.options.map((outcome) => ({ value: outcome as string, label: outcomeNames[outcome] }))
