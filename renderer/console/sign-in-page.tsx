import { Alert, Button, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { email } from '#protocol/api.ts'
import { Brand } from '../mantine/brand.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'
import { useApi } from './api-context.ts'
import { ProblemAlert } from './problem-alert.tsx'

const signInForm = z.object({ email, password: z.string().min(1, 'Give your password.').max(128) })
type SignInForm = z.infer<typeof signInForm>

export function SignInPage() {
  const api = useApi()
  const queries = useQueryClient()
  const isSetUp = useQuery({ queryKey: ['set-up'], queryFn: api.isSetUp })
  const form = useForm<SignInForm>({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: (values) => fieldErrors(signInForm, { ...values, email: values.email.trim() }),
  })
  const signIn = useMutation({
    mutationFn: (values: SignInForm) => api.signIn(values.email.trim(), values.password),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['me'] }),
  })
  return (
    <main className="door">
      <div className="door-tools">
        <ThemeToggle />
      </div>
      <form
        className="door-form"
        aria-labelledby="sign-in"
        noValidate
        onSubmit={form.onSubmit((values) => signIn.mutate(values))}
      >
        <Brand large />
        <h1 id="sign-in">Sign in to the console</h1>
        {isSetUp.data === false && (
          <Alert color="brass" role="note" title="There is no administrator yet">
            Open the link that the server printed when it started. If it is lost, start the server again: it prints a
            new one.
          </Alert>
        )}
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          spellCheck={false}
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <ProblemAlert error={signIn.error} />
        <Button type="submit" size="md" loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </main>
  )
}
