import { ActionIcon, TextInput } from '@mantine/core'
import { IconCopy } from '@tabler/icons-react'
import { copyText } from './copy-text.ts'

interface CopyFieldProps {
  readonly label: string
  readonly value: string
}

/** Something to be taken elsewhere, which nobody should have to select by hand. */
export function CopyField({ label, value }: CopyFieldProps) {
  return (
    <TextInput
      label={label}
      readOnly
      value={value}
      classNames={{ input: 'copied-value' }}
      onFocus={({ currentTarget }) => currentTarget.select()}
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
