import { PasswordInput, type PasswordInputProps } from '@mantine/core'

/** A password or PIN. Mantine's own says of its other fields that they are wrong, and of this one only by its colour. */
export function PasswordField(props: PasswordInputProps) {
  return <PasswordInput {...props} {...(props.error ? { 'aria-invalid': true } : {})} />
}
