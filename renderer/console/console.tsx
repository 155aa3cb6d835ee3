import { MutationCache, QueryCache, QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiClient } from './api-client.ts'
import { ApiContext, useApi } from './api-context.ts'
import { ApiError } from './api-error.ts'
import { LoadingPage } from './loading-page.tsx'
import { useLocation } from './location.ts'
import { SetupPage } from './setup-page.tsx'
import { Shell } from './shell.tsx'
import { SignInPage } from './sign-in-page.tsx'

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

/** Signing in does not change the address, so one arrives where one wanted to go. */
function Door() {
  const api = useApi()
  const { path, query } = useLocation()
  const isSetup = path === '/setup'
  const me = useQuery({
    queryKey: ['me'],
    queryFn: api.me,
    enabled: !isSetup,
    refetchInterval: ({ state }) => (state.status === 'error' ? 3000 : 60_000),
  })
  if (isSetup) return <SetupPage token={query.get('token') ?? ''} />
  if (me.data === undefined) return <LoadingPage error={me.error} retry={me.refetch} />
  if (me.data === null) return <SignInPage />
  return <Shell me={me.data} />
}

function createQueryClient(): QueryClient {
  // Whatever is refused because nobody is signed in any more leads to the sign-in form.
  const noticeSignedOut = (error: unknown): void => {
    if (error instanceof ApiError && error.is('unauthorized')) void queries.invalidateQueries({ queryKey: ['me'] })
  }
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: noticeSignedOut }),
    mutationCache: new MutationCache({ onError: noticeSignedOut }),
    // The browser's idea of being online says nothing about a server in the same room.
    defaultOptions: { queries: { retry: false, networkMode: 'always' }, mutations: { networkMode: 'always' } },
  })
  return queries
}
