import { Alert, Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconInfoCircle } from '@tabler/icons-react'
import { useState } from 'react'
import { type DesktopBridge, type Outcome, type SignInRequest, signInRequest } from '#protocol/ipc.ts'
import { Brand } from '../mantine/brand.tsx'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { focusFault } from '../mantine/focus-fault.ts'
import { PasswordField } from '../mantine/password-field.tsx'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'
import { askMain } from './ask-main.ts'

interface SignInProps {
  readonly bridge: DesktopBridge
  /** The address used last. */
  readonly server: string
  /** Why one is signed out, when that is news. */
  readonly notice: string | null
}

/** The field each trouble belongs to; all others are said above the button. */
const fieldOf: Readonly<Record<string, 'server' | 'password' | 'code'>> = {
  server_unreachable: 'server',
  not_carillon: 'server',
  wrong_credentials: 'password',
  wrong_code: 'code',
}

export function SignInView({ bridge, server, notice }: SignInProps) {
  const [busy, setBusy] = useState(false)
  const [needsCode, setNeedsCode] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [noKeychain, setNoKeychain] = useState<string | null>(null)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { server, email: '', password: '', code: '' },
    validate: (values) => fieldErrors(signInRequest.omit({ storage: true }), values),
  })

  const signIn = (storage: SignInRequest['storage']): Promise<Outcome> => {
    const { code, ...credentials } = form.getValues()
    return askMain(bridge.signIn({ ...credentials, ...(needsCode && { code }), storage }))
  }
  const submit = async (): Promise<void> => {
    setBusy(true)
    setFailure(null)
    const outcome = await signIn('keychain')
    setBusy(false)
    if (outcome.ok) return
    if (outcome.code === 'code_required') {
      setNeedsCode(true)
      return
    }
    if (outcome.code === 'keychain_unavailable') {
      setNoKeychain(outcome.message)
      return
    }
    const field = fieldOf[outcome.code]
    if (field === undefined) setFailure(outcome.message)
    else form.setFieldError(field, outcome.message)
  }
  const signInToMemory = async (): Promise<string | null> => {
    const outcome = await signIn('memory')
    return outcome.ok ? null : outcome.message
  }

  return (
    <main className="door">
      <div className="door-tools">
        <ThemeToggle />
      </div>
      <form className="door-form" aria-labelledby="sign-in" noValidate onSubmit={form.onSubmit(submit, focusFault)}>
        <Brand large />
        <h1 id="sign-in">Sign in to your server</h1>
        {notice !== null && (
          <Alert color="brass" icon={<IconInfoCircle aria-hidden="true" />} role="status">
            {notice}
          </Alert>
        )}
        <TextInput
          label="Server address"
          placeholder="https://carillon.example.org"
          autoComplete="url"
          spellCheck={false}
          data-autofocus
          key={form.key('server')}
          {...form.getInputProps('server')}
        />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          spellCheck={false}
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <PasswordField
          label="Password"
          autoComplete="current-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        {needsCode && (
          <TextInput
            label="Code"
            description="Of your authenticator app, or a back-up code."
            autoComplete="one-time-code"
            spellCheck={false}
            autoFocus
            key={form.key('code')}
            {...form.getInputProps('code')}
          />
        )}
        {failure !== null && (
          <Alert color="red" role="alert">
            {failure}
          </Alert>
        )}
        <Button type="submit" size="md" loading={busy}>
          Sign in
        </Button>
      </form>
      <ConfirmDialog
        opened={noKeychain !== null}
        title="There is no keychain"
        action="Stay signed in until I close the app"
        onConfirm={signInToMemory}
        onClose={() => setNoKeychain(null)}
      >
        <p>{noKeychain}</p>
        <p className="dialog-more">
          Carillon keeps the sign-in nowhere else. You can go on without a keychain: then you have to sign in again the
          next time you open the app.
        </p>
      </ConfirmDialog>
    </main>
  )
}
