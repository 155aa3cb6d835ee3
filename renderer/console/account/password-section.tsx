import { Button } from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type PasswordRequest, passwordRequest } from '#protocol/account.ts'
import type { Me } from '#protocol/api.ts'
import { fieldErrors } from '../../mantine/field-errors.ts'
import { focusFault } from '../../mantine/focus-fault.ts'
import { PasswordField } from '../../mantine/password-field.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { NewPasswordInput } from '../new-password-input.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { Section } from './section.tsx'

export function PasswordSection({ me }: { readonly me: Me }) {
  const { account } = useApi()
  const queries = useQueryClient()
  const form = useForm<PasswordRequest>({
    mode: 'uncontrolled',
    initialValues: { password: '', newPassword: '' },
    validate: (values) => fieldErrors(passwordRequest, values),
  })
  const change = useMutation({
    mutationFn: ({ password, newPassword }: PasswordRequest) => account.changePassword(password, newPassword),
    onSuccess: async () => {
      form.reset()
      notifications.show({ message: 'Your password is changed, and you are signed out everywhere else.' })
      await queries.invalidateQueries({ queryKey: ['sessions'] })
    },
    onError: (error) => {
      const { fields, message, code } = asApiError(error)
      form.setErrors(code === 'wrong_password' ? { password: message } : { ...fields })
    },
  })
  return (
    <Section title="Password">
      <form
        className="stack"
        aria-label="Change the password"
        noValidate
        onSubmit={form.onSubmit((values) => change.mutate(values), focusFault)}
      >
        {/* Tells password managers whose password this is. */}
        <input type="text" autoComplete="username" value={me.email ?? ''} readOnly hidden />
        <PasswordField
          label="Password until now"
          autoComplete="current-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <NewPasswordInput key={form.key('newPassword')} {...form.getInputProps('newPassword')} />
        {Object.keys(form.errors).length === 0 && <ProblemAlert error={change.error} />}
        <div className="row">
          <Button type="submit" variant="default" loading={change.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Section>
  )
}
