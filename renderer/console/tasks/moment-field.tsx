import { TextInput } from '@mantine/core'
import { useState } from 'react'

interface MomentFieldProps {
  readonly label: string
  /** ISO 8601 in UTC; empty without one. */
  readonly value: string
  readonly error?: string | undefined
  readonly onChange: (value: string) => void
}

/** A moment, typed and shown in the zone of the reader. Half a date is kept while somebody types the rest. */
export function MomentField({ label, value, error, onChange }: MomentFieldProps) {
  const [typed, setTyped] = useState('')
  return (
    <TextInput
      label={label}
      type="datetime-local"
      error={error}
      value={instantOf(typed) === value ? typed : localOf(value)}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value)
        onChange(instantOf(currentTarget.value))
      }}
    />
  )
}

/** Empty for what is no moment of our times: the year is typed digit by digit. */
function instantOf(local: string): string {
  const at = new Date(local)
  return at.getFullYear() >= 2000 && at.getFullYear() < 10_000 ? at.toISOString() : ''
}

function localOf(value: string): string {
  if (value === '') return ''
  const at = new Date(value)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`
}
