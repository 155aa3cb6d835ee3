import { PasswordInput, type PasswordInputProps } from '@mantine/core'

/** Length is all that is asked of a password: rules about its letters make people choose worse ones. */
export function NewPasswordInput({ label = 'New password', ...props }: PasswordInputProps) {
  return (
    <PasswordInput
      label={label}
      description="At least 10 characters. A few words in a row are good."
      autoComplete="new-password"
      {...props}
    />
  )
}
