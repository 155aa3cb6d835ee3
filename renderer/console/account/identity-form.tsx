import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { PasswordField } from '../../mantine/password-field.tsx'
import { asApiError } from '../api-error.ts'
import { ProblemAlert } from '../problem-alert.tsx'

interface IdentityFormProps {
  /** What it is for. */
  readonly children: ReactNode
  /** The verb on the button. */
  readonly action: string
  readonly dangerous?: boolean
  /** Does it, once the server believes who is there. Throws `ApiError`. */
  readonly onSubmit: (password: string, code?: string) => Promise<void>
  readonly onClose: () => void
}

/** Asks for the password again before something changes, and for a code where the server wants one. */
export function IdentityForm({ children, action, dangerous = false, onSubmit, onClose }: IdentityFormProps) {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [wantsCode, setWantsCode] = useState(false)
  const [missing, setMissing] = useState<string | null>(null)
  const submit = useMutation({
    mutationFn: () => onSubmit(password, ...(wantsCode ? [code] : [])),
    onError: (error) => {
      if (asApiError(error).is('code_required')) setWantsCode(true)
    },
  })
  const error = submit.error !== null && asApiError(submit.error).is('code_required') ? null : submit.error
  const send = (event: FormEvent): void => {
    event.preventDefault()
    if (password === '') setMissing('Enter your password.')
    else submit.mutate()
  }
  return (
    <form noValidate onSubmit={send}>
      <Stack gap="md">
        {children}
        <PasswordField
          label="Your password"
          autoComplete="current-password"
          data-autofocus
          value={password}
          error={missing}
          onChange={({ currentTarget }) => {
            setPassword(currentTarget.value)
            setMissing(null)
          }}
        />
        {wantsCode && (
          <TextInput
            label="Code"
            description="Of your authenticator app, or a back-up code"
            autoComplete="one-time-code"
            inputMode="numeric"
            maxLength={24}
            autoFocus
            value={code}
            onChange={({ currentTarget }) => setCode(currentTarget.value)}
          />
        )}
        <ProblemAlert error={error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={submit.isPending} {...(dangerous ? { color: 'red' } : {})}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
