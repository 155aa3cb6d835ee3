import { Alert, Button } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { DeviceGrantView } from '#protocol/oauth.ts'
import { Brand } from '../../mantine/brand.tsx'
import { useNow } from '../../shared/now.ts'
import { remaining } from '../../shared/time.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { DoorPage } from '../door-page.tsx'
import { navigate } from '../location.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { formatUserCode, isWholeUserCode } from '../user-code.ts'
import { UserCodeForm } from '../user-code-form.tsx'
import { AskedScopes } from './asked-scopes.tsx'
import { DeviceGrantDecided } from './device-grant-decided.tsx'
import { SignedInAs } from './signed-in-as.tsx'

interface DeviceGrantPageProps {
  readonly me: Me
  /** The code in the address, as it was typed or scanned. */
  readonly code: string
}

/** Something without a browser wants to act for somebody, who compares its code and decides here. */
export function DeviceGrantPage({ me, code }: DeviceGrantPageProps) {
  const [accepted, setAccepted] = useState<boolean | null>(null)
  const wanted = formatUserCode(code)
  if (accepted !== null) return <DeviceGrantDecided accepted={accepted} />
  return (
    <DoorPage>
      <div className="door-form door-decision">
        <Brand large />
        {isWholeUserCode(wanted) ? (
          <Asking me={me} code={wanted} onDecided={setAccepted} />
        ) : (
          <>
            <div>
              <h1>Connect a device or program</h1>
              <p className="soft">It shows a code and asks to use your account. Enter the code here.</p>
            </div>
            <CodeForm first={wanted} />
          </>
        )}
      </div>
    </DoorPage>
  )
}

function CodeForm({ first, problem }: { readonly first: string; readonly problem?: unknown }) {
  return (
    <UserCodeForm
      label="Code it shows"
      first={first}
      problem={problem}
      onCode={(code) => navigate(`/device?code=${code}`)}
    />
  )
}

interface AskingProps extends DeviceGrantPageProps {
  readonly onDecided: (accepted: boolean) => void
}

function Asking({ me, code, onDecided }: AskingProps) {
  const { oauth } = useApi()
  const asked = useQuery({
    queryKey: ['device-grant', code],
    queryFn: () => oauth.deviceGrant(code),
    // The server lets nobody look often, so that nobody tries codes.
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (asked.isError) {
    return (
      <>
        <h1>Connect a device or program</h1>
        <CodeForm first={code} problem={asked.error} />
        {!asApiError(asked.error).is('unknown_code') && (
          <Button variant="default" onClick={() => asked.refetch()} loading={asked.isFetching}>
            Try again
          </Button>
        )}
      </>
    )
  }
  if (asked.data === undefined) {
    return (
      <p className="soft" role="status">
        Looking for {code}
      </p>
    )
  }
  return <DecideForm me={me} code={code} asked={asked.data} onDecided={onDecided} />
}

function DecideForm({ me, code, asked, onDecided }: AskingProps & { readonly asked: DeviceGrantView }) {
  const { oauth } = useApi()
  const now = useNow(1000)
  const decide = useMutation({
    mutationFn: (accept: boolean) => oauth.decideDeviceGrant(code, accept),
    onSuccess: (_, accept) => onDecided(accept),
  })
  return (
    <>
      <div>
        <h1 className="wrap">{asked.client.name} wants to act for you</h1>
        <SignedInAs me={me} />
      </div>
      <p>
        Compare: the device or program in front of you shows <strong className="asker-code">{code}</strong>. The code
        holds for another <span className="numeral">{remaining(Date.parse(asked.expiresAt), now)}</span>.
      </p>
      <AskedScopes scopes={asked.scopes} />
      <Alert
        color="brass"
        role="note"
        title="Did you start this yourself?"
        icon={<IconAlertTriangle aria-hidden="true" />}
      >
        If somebody sent you this code or link, deny: they would act with your account.
      </Alert>
      <ProblemAlert error={decide.error} />
      <div className="decision">
        <Button size="md" variant="default" disabled={decide.isPending} onClick={() => decide.mutate(false)}>
          Deny
        </Button>
        <Button size="md" loading={decide.isPending && decide.variables} onClick={() => decide.mutate(true)}>
          Allow
        </Button>
      </div>
    </>
  )
}
