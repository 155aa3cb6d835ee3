import { TextInput } from '@mantine/core'
import { ChoiceField } from './choice-field.tsx'
import { type ChosenPeriod, isTurnedRound, lastDays, periodNames, periods } from './period.ts'

interface PeriodFieldsProps {
  readonly label: string
  readonly value: ChosenPeriod
  readonly onChange: (value: ChosenPeriod) => void
}

/** A span up to now or days of the reader's calendar, in a filter. */
export function PeriodFields({ label, value: { period, from, to }, onChange }: PeriodFieldsProps) {
  const value = { period, from, to }
  return (
    <>
      <ChoiceField
        label={label}
        placeholder="Any time"
        data={spans}
        none="Any time"
        value={period}
        onChange={(chosen) => onChange({ period: chosen, ...(chosen === 'days' ? lastDays(Date.now()) : noDays) })}
      />
      {period === 'days' && (
        <>
          <TextInput
            label="From"
            type="date"
            value={from}
            onChange={({ currentTarget }) => onChange({ ...value, from: currentTarget.value })}
          />
          <TextInput
            label="To"
            type="date"
            value={to}
            error={isTurnedRound(value) ? 'This is before the first day.' : null}
            onChange={({ currentTarget }) => onChange({ ...value, to: currentTarget.value })}
          />
        </>
      )}
    </>
  )
}

const spans = periods.map((period) => ({ value: period, label: periodNames[period] }))
const noDays = { from: '', to: '' }
