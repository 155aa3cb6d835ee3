import { ActionIcon, TextInput } from '@mantine/core'
import { IconCopy } from '@tabler/icons-react'
import { copyText } from './copy-text.ts'

interface CopyFieldProps {
  readonly label: string
  readonly value: string
  /** As it is easier to read; what is copied is the value. */
  readonly shown?: string
}

/** Something to be taken elsewhere, which nobody should have to select by hand. */
export function CopyField({ label, value, shown = value }: CopyFieldProps) {
  return (
    <TextInput
      label={label}
      readOnly
      value={shown}
      classNames={{ input: 'copied-value' }}
      onFocus={({ currentTarget }) => currentTarget.select()}
      onCopy={(event) => {
        if (shown === value) return
        event.preventDefault()
        event.clipboardData.setData('text/plain', value)
      }}
      rightSection={
        <ActionIcon
          variant="subtle"
          aria-label={`Copy: ${label}`}
          onClick={() => void copyText(value, `${label} copied.`)}
        >
          <IconCopy size={18} aria-hidden="true" />
        </ActionIcon>
      }
    />
  )
}
