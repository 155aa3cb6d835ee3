import { Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import type { ReactNode } from 'react'
import { type SignInRequest, signInRequest } from '#protocol/account.ts'
import { Brand } from '../../mantine/brand.tsx'
import { fieldErrors } from '../../mantine/field-errors.ts'
import { focusFault } from '../../mantine/focus-fault.ts'
import { PasswordField } from '../../mantine/password-field.tsx'
import { RefusalAlert } from './refusal-alert.tsx'
import type { RetryAfter } from './use-retry-after.ts'

interface PasswordFormProps {
  /** Whether another service waits for the answer. */
  readonly goesOn: boolean
  /** What was given before. */
  readonly email: string
  readonly error: unknown
  readonly retry: RetryAfter
  readonly busy: boolean
  readonly onSubmit: (request: SignInRequest) => void
  /** What is to be read before. */
  readonly children: ReactNode
}

export function PasswordForm({ goesOn, email, error, retry, busy, onSubmit, children }: PasswordFormProps) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email, password: '' },
    validate: (values) => fieldErrors(signInRequest, trimmed(values)),
  })
  return (
    <form
      className="stack"
      aria-labelledby="sign-in"
      noValidate
      onSubmit={form.onSubmit((values) => onSubmit(trimmed(values)), focusFault)}
    >
      <Brand large />
      <div>
        <h1 id="sign-in">{goesOn ? 'Sign in' : 'Sign in to the console'}</h1>
        {goesOn && <p className="soft">Then you go on to the service that sent you here.</p>}
      </div>
      {children}
      <TextInput
        label="E-mail"
        type="email"
        // The last word lets the browser offer passkeys here.
        autoComplete="username webauthn"
        autoFocus={email === ''}
        spellCheck={false}
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      <PasswordField
        label="Password"
        autoComplete="current-password"
        autoFocus={email !== ''}
        key={form.key('password')}
        {...form.getInputProps('password')}
      />
      <RefusalAlert error={error} retry={retry} />
      <Button type="submit" size="md" loading={busy} disabled={retry.waits}>
        Sign in
      </Button>
    </form>
  )
}

function trimmed({ email, password }: { email: string; password: string }) {
  return { email: email.trim(), password }
}
