import { Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { passwordResetRequest } from '#protocol/account.ts'
import { Brand } from '../mantine/brand.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { focusFault } from '../mantine/focus-fault.ts'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { DoorPage } from './door-page.tsx'
import { linkTo } from './location.ts'
import { NewPasswordInput } from './new-password-input.tsx'
import { ProblemAlert } from './problem-alert.tsx'

/** Behind a one-time link that an administrator handed over: its owner chooses a password. */
export function ResetPage({ token }: { readonly token: string }) {
  const { account } = useApi()
  const [done, setDone] = useState(false)
  const owner = useQuery({
    queryKey: ['password-reset', token],
    queryFn: () => account.passwordReset(token),
    // The link is used up by this very page; asking again would only take the form away.
    staleTime: Number.POSITIVE_INFINITY,
    enabled: token !== '',
  })
  if (done) return <Done />
  if (token === '') {
    return <NoReset title="This link is not complete" detail="Open the whole link that you were given." />
  }
  if (owner.isError) {
    const { title, message, code } = asApiError(owner.error)
    return <NoReset title={title} detail={message} {...(isFinal(code) ? {} : { onRetry: () => owner.refetch() })} />
  }
  return (
    <DoorPage>
      {owner.data === undefined ? (
        <p className="door-form soft" role="status">
          Checking the link
        </p>
      ) : (
        <ResetForm token={token} owner={owner.data} onDone={() => setDone(true)} />
      )}
    </DoorPage>
  )
}

function isFinal(code: string): boolean {
  return code === 'reset_link_invalid' || code === 'bad_request'
}

interface NoResetProps {
  readonly title: string
  readonly detail: string
  /** Given where another try may go better. */
  readonly onRetry?: () => unknown
}

function NoReset({ title, detail, onRetry }: NoResetProps) {
  return (
    <DoorPage>
      <div className="door-form">
        <Brand large />
        <div className="stack" role="alert">
          <h1>{title}</h1>
          <p>{detail}</p>
        </div>
        {onRetry === undefined ? (
          <p className="soft">A link works once, for a day. Ask an administrator for a new one.</p>
        ) : (
          <Button onClick={onRetry}>Try again</Button>
        )}
        <Button component="a" variant="default" {...linkTo('/')}>
          Go to sign-in
        </Button>
      </div>
    </DoorPage>
  )
}

interface ResetFormProps {
  readonly token: string
  readonly owner: { readonly name: string; readonly email: string }
  readonly onDone: () => void
}

function ResetForm({ token, owner, onDone }: ResetFormProps) {
  const { account } = useApi()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '' },
    validate: (values) => fieldErrors(passwordResetRequest.omit({ token: true }), values),
  })
  const set = useMutation({
    mutationFn: ({ password }: { password: string }) => account.resetPassword(token, password),
    onSuccess: onDone,
    onError: (error) => form.setErrors({ ...asApiError(error).fields }),
  })
  const isOfField = set.error !== null && Object.keys(asApiError(set.error).fields).length > 0
  return (
    <form
      className="door-form"
      aria-labelledby="reset"
      noValidate
      onSubmit={form.onSubmit((values) => set.mutate(values), focusFault)}
    >
      <Brand large />
      <div>
        <h1 id="reset">Choose a password</h1>
        <p className="soft">For the account of {owner.name}. Everywhere it is signed in, it is signed out.</p>
      </div>
      <TextInput label="Account" type="email" autoComplete="username" readOnly value={owner.email} />
      <NewPasswordInput autoFocus key={form.key('password')} {...form.getInputProps('password')} />
      {!isOfField && <ProblemAlert error={set.error} />}
      <Button type="submit" size="md" loading={set.isPending}>
        Set the password
      </Button>
    </form>
  )
}

function Done() {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <DoorPage>
      <div className="door-form">
        <Brand large />
        <div>
          <h1 ref={heading} tabIndex={-1}>
            Your password is set
          </h1>
          <p className="soft">The link does not work any more. Sign in with the new password.</p>
        </div>
        <Button component="a" size="md" {...linkTo('/')}>
          Go to sign-in
        </Button>
      </div>
    </DoorPage>
  )
}
