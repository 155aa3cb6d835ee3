import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { Me } from '#protocol/api.ts'
import type { ConsentView } from '#protocol/oauth.ts'
import { Brand } from '../../mantine/brand.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { DoorPage } from '../door-page.tsx'
import { linkTo } from '../location.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { AskedScopes } from './asked-scopes.tsx'
import { SignedInAs } from './signed-in-as.tsx'

interface ConsentPageProps {
  readonly me: Me
  /** The page's own, with its `?`; the server signed it. */
  readonly query: string
}

/** Another service wants to act for somebody, who decides here. */
export function ConsentPage({ me, query }: ConsentPageProps) {
  const { oauth } = useApi()
  const asked = useQuery({
    queryKey: ['consent', query],
    queryFn: () => oauth.consent(query),
    // What was asked does not change while one reads it.
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (asked.isError) return <NoConsent error={asked.error} onRetry={() => asked.refetch()} />
  return (
    <DoorPage>
      {asked.data === undefined ? (
        <p className="door-form soft" role="status">
          Looking at what is asked
        </p>
      ) : (
        <ConsentForm me={me} query={query} asked={asked.data} />
      )}
    </DoorPage>
  )
}

function ConsentForm({ me, query, asked }: ConsentPageProps & { readonly asked: ConsentView }) {
  const { oauth } = useApi()
  const { client, scopes } = asked
  const decide = useMutation({
    mutationFn: (accept: boolean) => oauth.decideConsent(query, accept),
    onSuccess: (url) => window.location.assign(url),
  })
  // Until the browser has gone there.
  const leaves = decide.isPending || decide.isSuccess
  return (
    <div className="door-form door-decision">
      <Brand large />
      <div>
        <h1 className="wrap">{client.name} wants to act for you</h1>
        <SignedInAs me={me} />
      </div>
      <AskedScopes scopes={scopes} />
      <p className="wrap">
        You then go to <strong>{client.redirectHost}</strong>. Allow it only if you were about to use it. You can end it
        at any time under My account.
      </p>
      <ProblemAlert error={decide.error} />
      <div className="decision">
        <Button size="md" variant="default" disabled={leaves} onClick={() => decide.mutate(false)}>
          Deny
        </Button>
        <Button size="md" loading={leaves && decide.variables} disabled={leaves} onClick={() => decide.mutate(true)}>
          Allow
        </Button>
      </div>
    </div>
  )
}

function NoConsent({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => unknown }) {
  const { message, code } = asApiError(error)
  const isFinal = code === 'bad_request' || code === 'not_found'
  return (
    <DoorPage>
      <div className="door-form">
        <Brand large />
        <div className="stack" role="alert">
          <h1>{isFinal ? 'This cannot be decided' : 'Not now'}</h1>
          <p>{message}</p>
        </div>
        {!isFinal && <Button onClick={onRetry}>Try again</Button>}
        <Button component="a" variant="default" {...linkTo('/')}>
          Go to the console
        </Button>
      </div>
    </DoorPage>
  )
}
