import { Button, Select, TextInput } from '@mantine/core'
import { auditActions, auditOutcome } from '#protocol/audit.ts'
import { isTurnedRound, lastDays, periodNames, periods } from './audit-period.ts'
import { actionNames, type FilterFields, noFilter, outcomeNames } from './audit-words.ts'

interface AuditFilterFormProps {
  readonly value: FilterFields
  readonly onChange: (value: FilterFields) => void
}

export function AuditFilterForm({ value, onChange }: AuditFilterFormProps) {
  const set = (change: Partial<FilterFields>) => onChange({ ...value, ...change })
  return (
    <search className="audit-filter" aria-label="Filter">
      <TextInput
        label="Who"
        placeholder="Name or id"
        value={value.who}
        onChange={({ currentTarget }) => set({ who: currentTarget.value })}
      />
      <Select
        label="What"
        placeholder="Everything"
        data={actions}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Everything' }}
        value={value.action || null}
        onChange={(action) => set({ action: action ?? '' })}
      />
      <Select
        label="Outcome"
        placeholder="All"
        data={outcomes}
        clearable
        clearButtonProps={{ 'aria-label': 'All outcomes' }}
        value={value.outcome || null}
        onChange={(outcome) => set({ outcome: outcome ?? '' })}
      />
      <Select
        label="When"
        placeholder="Any time"
        data={spans}
        clearable
        clearButtonProps={{ 'aria-label': 'Any time' }}
        value={value.period || null}
        onChange={(period) => set({ period: period ?? '', ...(period === 'days' ? lastDays(Date.now()) : noDays) })}
      />
      {value.period === 'days' && (
        <>
          <TextInput
            label="From"
            type="date"
            value={value.from}
            onChange={({ currentTarget }) => set({ from: currentTarget.value })}
          />
          <TextInput
            label="To"
            type="date"
            value={value.to}
            error={isTurnedRound(value) ? 'This is before the first day.' : null}
            onChange={({ currentTarget }) => set({ to: currentTarget.value })}
          />
        </>
      )}
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
const spans = periods.map((period) => ({ value: period, label: periodNames[period] }))
const noDays = { from: '', to: '' }
