import type { PasswordInputProps } from '@mantine/core'
import { PasswordField } from '../mantine/password-field.tsx'

/** Length is all that is asked of a password: rules about its letters make people choose worse ones. */
export function NewPasswordInput({ label = 'New password', ...props }: PasswordInputProps) {
  return (
    <PasswordField
      label={label}
      description="At least 10 characters. A few words in a row are good."
      autoComplete="new-password"
      {...props}
    />
  )
}
