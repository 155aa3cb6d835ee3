import { Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { setupRequest } from '#protocol/api.ts'
import { Brand } from '../mantine/brand.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { focusFault } from '../mantine/focus-fault.ts'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { linkTo, navigate } from './location.ts'
import { NewPasswordInput } from './new-password-input.tsx'

/** Behind the one-time link: creates the first administrator and goes on signed in. */
export function SetupPage({ token }: { readonly token: string }) {
  const api = useApi()
  const check = useQuery({
    queryKey: ['setup', token],
    queryFn: async () => {
      await api.checkSetup(token)
      return true
    },
    // The link is used up by this very page; asking again would only take the form away.
    staleTime: Number.POSITIVE_INFINITY,
    enabled: token !== '',
  })
  return (
    <main className="door">
      <div className="door-tools">
        <ThemeToggle />
      </div>
      {token === '' ? (
        <NoSetup
          title="This link is not complete"
          detail="Open the whole link that the server printed, with its token."
        />
      ) : check.isError ? (
        <NoSetup
          title={asApiError(check.error).title}
          detail={asApiError(check.error).message}
          done={asApiError(check.error).is('setup_done')}
        />
      ) : check.data === true ? (
        <SetupForm token={token} />
      ) : (
        <p className="door-form soft" role="status">
          Checking the link
        </p>
      )}
    </main>
  )
}

interface NoSetupProps {
  readonly title: string
  readonly detail: string
  /** There is an administrator: nothing is wrong, and one signs in. */
  readonly done?: boolean
}

function NoSetup({ title, detail, done = false }: NoSetupProps) {
  const api = useApi()
  const me = useQuery({ queryKey: ['me'], queryFn: api.me })
  const isSignedIn = me.data !== undefined && me.data !== null
  return (
    <div className="door-form">
      <Brand large />
      <div className="stack" role="alert">
        <h1>{title}</h1>
        <p>{detail}</p>
      </div>
      {!done && (
        <p className="soft">
          A link works once. If there is no administrator yet, start the server again: it prints a new link. If nothing
          helps, run <code>npx carillon doctor</code> where the server runs.
        </p>
      )}
      <Button component="a" variant="default" {...linkTo('/')}>
        {isSignedIn ? 'Go to the console' : 'Go to sign-in'}
      </Button>
    </div>
  )
}

function SetupForm({ token }: { readonly token: string }) {
  const api = useApi()
  const queries = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '', password: '' },
    validate: (values) => fieldErrors(setupRequest.omit({ token: true }), { ...values, email: values.email.trim() }),
  })
  const create = useMutation({
    mutationFn: (values: { name: string; email: string; password: string }) =>
      api.setUp({ ...values, email: values.email.trim(), token }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['me'] })
      navigate('/', { replace: true })
    },
    onError: (error) => form.setErrors({ ...asApiError(error).fields }),
  })
  const failure = create.error === null ? null : asApiError(create.error)
  return (
    <form
      className="door-form"
      aria-labelledby="setup"
      noValidate
      onSubmit={form.onSubmit((values) => create.mutate(values), focusFault)}
    >
      <Brand large />
      <div>
        <h1 id="setup">Create the first administrator</h1>
        <p className="soft">This account looks after the server and all its screens.</p>
      </div>
      <TextInput label="Name" autoComplete="name" autoFocus key={form.key('name')} {...form.getInputProps('name')} />
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        spellCheck={false}
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      <NewPasswordInput label="Password" key={form.key('password')} {...form.getInputProps('password')} />
      {failure !== null && Object.keys(failure.fields).length === 0 && (
        <p className="form-failure" role="alert">
          {failure.message}
        </p>
      )}
      <Button type="submit" size="md" loading={create.isPending}>
        Create administrator
      </Button>
    </form>
  )
}
