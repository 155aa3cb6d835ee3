import {
  MutationCache,
  QueryCache,
  QueryClient,
  QueryClientProvider,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Me } from '#protocol/api.ts'
import { refusedForFactor } from './account/factor-duty.ts'
import type { ApiClient } from './api-client.ts'
import { ApiContext, useApi } from './api-context.ts'
import { ApiError } from './api-error.ts'
import { LoadingPage } from './loading-page.tsx'
import { navigate, useLocation } from './location.ts'
import { ResetPage } from './reset-page.tsx'
import { SetupPage } from './setup-page.tsx'
import { authorizeAddress } from './sign-in/authorize-address.ts'
import { SignInPage } from './sign-in/sign-in-page.tsx'
import { SignedIn } from './signed-in.tsx'
import { usePageTitle } from './use-page-title.ts'
import { leftByThemselves } from './use-sign-out.ts'

export function Console({ api }: { readonly api: ApiClient }) {
  const [queries] = useState(createQueryClient)
  return (
    <ApiContext value={api}>
      <QueryClientProvider client={queries}>
        <Door />
      </QueryClientProvider>
    </ApiContext>
  )
}

/** What is behind a one-time link needs nobody signed in. */
function Door() {
  const { path, query } = useLocation()
  usePageTitle(path)
  if (path === '/setup') return <SetupPage token={query.get('token') ?? ''} />
  if (path === '/reset') return <ResetPage token={query.get('token') ?? ''} />
  return <Entrance />
}

/** Signing in does not change the address, so one arrives where one wanted to go. */
function Entrance() {
  const api = useApi()
  const { path, query } = useLocation()
  const me = useQuery({
    queryKey: ['me'],
    queryFn: api.me,
    refetchInterval: ({ state }) => (state.status === 'error' ? 3000 : 60_000),
  })
  const wasSignedOut = useSignedOut(me.data)
  const asksToSignIn = path === '/sign-in'
  const goesOn = asksToSignIn ? authorizeAddress(query) : null
  const isBeyond = asksToSignIn && goesOn === null && me.data !== undefined && me.data !== null
  useEffect(() => {
    if (isBeyond) navigate('/', { replace: true })
  }, [isBeyond])
  if (me.data === undefined) return <LoadingPage error={me.error} retry={me.refetch} />
  if (me.data === null || goesOn !== null) return <SignInPage goesOn={goesOn} wasSignedOut={wasSignedOut} />
  return <SignedIn me={me.data} />
}

/** Whether the server has ended the session of whoever was here. */
function useSignedOut(me: Me | null | undefined): boolean {
  const queries = useQueryClient()
  const [wasHere, setHere] = useState(false)
  if (me && !wasHere) setHere(true)
  useEffect(() => {
    if (me) queries.removeQueries({ queryKey: leftByThemselves })
  }, [me, queries])
  return wasHere && me === null && queries.getQueryData(leftByThemselves) !== true
}

function createQueryClient(): QueryClient {
  // Whatever is refused because nobody is signed in any more leads to the sign-in form, and what is refused for want of
  // a second factor to the page on which one is set up.
  const noticeRefusal = (error: unknown): void => {
    if (!(error instanceof ApiError)) return
    if (error.is('unauthorized')) void queries.invalidateQueries({ queryKey: ['me'] })
    // At the sign-in form it means that the password alone is not enough.
    const isSignedIn = queries.getQueryData(['me']) !== null
    if (error.is('second_factor_required') && isSignedIn) queries.setQueryData(refusedForFactor, true)
  }
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: noticeRefusal }),
    mutationCache: new MutationCache({ onError: noticeRefusal }),
    // The browser's idea of being online says nothing about a server in the same room.
    defaultOptions: { queries: { retry: false, networkMode: 'always' }, mutations: { networkMode: 'always' } },
  })
  return queries
}
