import { ActionIcon, CopyButton, TextInput } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'

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
        <CopyButton value={value} timeout={2000}>
          {({ copied, copy }) => (
            <ActionIcon variant="subtle" aria-label={copied ? `${label}: copied` : `Copy: ${label}`} onClick={copy}>
              {copied ? <IconCheck size={18} aria-hidden="true" /> : <IconCopy size={18} aria-hidden="true" />}
            </ActionIcon>
          )}
        </CopyButton>
      }
    />
  )
}
