import { Radio, Stack } from '@mantine/core'
import { type PersonRole, personRole } from '#protocol/roles.ts'
import { roleNames } from '../permissions.ts'

interface RoleFieldProps {
  readonly value?: PersonRole
  readonly onChange?: (role: PersonRole) => void
  readonly disabled?: boolean
  /** Why it cannot be chosen. */
  readonly description?: string
}

/** Which of the roles somebody has, with what each may do. */
export function RoleField({ value, onChange, disabled = false, description }: RoleFieldProps) {
  return (
    <Radio.Group
      label="Role"
      {...(description === undefined ? {} : { description })}
      {...(value === undefined ? {} : { value })}
      onChange={(chosen) => onChange?.(personRole.parse(chosen))}
    >
      <Stack gap="xs" mt="xs">
        {personRole.options.toReversed().map((role) => (
          <Radio key={role} value={role} label={roleNames[role]} description={meanings[role]} disabled={disabled} />
        ))}
      </Stack>
    </Radio.Group>
  )
}

const meanings = {
  viewer: 'Looks at screens and reads what is sent',
  operator: 'Sends to screens, approves and removes them',
  admin: 'Also looks after people, keys, services and this server',
} as const satisfies Record<PersonRole, string>
