import { Select, type SelectProps } from '@mantine/core'

interface ChoiceFieldProps<Value extends string>
  extends Pick<SelectProps<Value>, 'label' | 'placeholder' | 'data' | 'searchable'> {
  /** What the button says that takes the choice back. */
  readonly none: string
  /** Empty while nothing is chosen. */
  readonly value: Value | ''
  readonly onChange: (value: Value | '') => void
}

/** One of several or none, in a filter. */
export function ChoiceField<Value extends string>({ none, value, onChange, ...props }: ChoiceFieldProps<Value>) {
  return (
    <Select<Value>
      {...props}
      clearable
      clearButtonProps={{ 'aria-label': none }}
      value={value || null}
      onChange={(chosen) => onChange(chosen ?? '')}
    />
  )
}
