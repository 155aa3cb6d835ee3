import { Alert } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { SignInRequest } from '#protocol/account.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { DoorPage } from '../door-page.tsx'
import { CodeForm } from './code-form.tsx'
import { PasskeySignIn } from './passkey-sign-in.tsx'
import { PasswordForm } from './password-form.tsx'
import { useRetryAfter } from './use-retry-after.ts'

interface SignInPageProps {
  /** Where another service waits for its answer, as an address of this server; null for the console itself. */
  readonly goesOn: string | null
  /** Whether the server has ended the session of whoever was here. */
  readonly wasSignedOut: boolean
}

export function SignInPage({ goesOn, wasSignedOut }: SignInPageProps) {
  const api = useApi()
  const queries = useQueryClient()
  /** The password was right, and a code is wanted as well. */
  const [half, setHalf] = useState<Pick<SignInRequest, 'email' | 'password'> | null>(null)
  const [email, setEmail] = useState('')
  const isSetUp = useQuery({ queryKey: ['set-up'], queryFn: api.isSetUp })
  const arrive = async (): Promise<void> => {
    if (goesOn === null) await queries.invalidateQueries({ queryKey: ['me'] })
    else window.location.assign(goesOn)
  }
  const signIn = useMutation({
    mutationFn: api.account.signIn,
    onSuccess: arrive,
    onError: (error, { email, password }) => {
      if (asApiError(error).is('code_required')) setHalf({ email, password })
    },
  })
  const retry = useRetryAfter(signIn.error)
  const error = signIn.error !== null && asApiError(signIn.error).is('code_required') ? null : signIn.error
  const busy = signIn.isPending || (signIn.isSuccess && goesOn !== null)
  return (
    <DoorPage>
      {half === null ? (
        <div className="door-form">
          <PasswordForm
            goesOn={goesOn !== null}
            email={email}
            error={error}
            retry={retry}
            busy={busy}
            onSubmit={(request) => {
              setEmail(request.email)
              signIn.mutate(request)
            }}
          >
            {isSetUp.data === false ? <NoAdministrator /> : wasSignedOut && <SignedOut />}
          </PasswordForm>
          <PasskeySignIn onSignedIn={arrive} />
        </div>
      ) : (
        <CodeForm
          error={error}
          retry={retry}
          busy={busy}
          onSubmit={(code) => signIn.mutate({ ...half, code })}
          onBack={() => {
            setHalf(null)
            signIn.reset()
          }}
        />
      )}
    </DoorPage>
  )
}

function SignedOut() {
  return (
    <Alert color="brass" role="status" title="You have been signed out">
      Your session has ended: it was too old, or ended elsewhere, or an administrator has disabled your account. Sign in
      again; if that is refused, ask an administrator.
    </Alert>
  )
}

function NoAdministrator() {
  return (
    <Alert color="brass" role="note" title="There is no administrator yet">
      Open the link that the server printed when it started. If it is lost, start the server again: it prints a new one.
    </Alert>
  )
}
