import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import { useFactorDone, useFactorDuty } from './account/factor-duty.ts'
import { FactorGate } from './account/factor-gate.tsx'
import { useLocation } from './location.ts'
import { ConsentPage } from './oauth/consent-page.tsx'
import { DeviceGrantPage } from './oauth/device-grant-page.tsx'
import { Shell } from './shell.tsx'

/** Everything behind signing in: what other services ask, and the console itself. */
export function SignedIn({ me }: { readonly me: Me }) {
  const { path, query } = useLocation()
  const duty = useFactorDuty(me)
  const done = useFactorDone()
  // Once closed it stays closed until the back-up codes are kept, which are shown after the duty is done.
  const [isClosed, setClosed] = useState(false)
  if (duty === 'overdue' && !isClosed) setClosed(true)
  if (isClosed) return <FactorGate me={me} onDone={() => void done().then(() => setClosed(false))} />
  if (path === '/oauth/consent') return <ConsentPage me={me} query={window.location.search} />
  if (path === '/device') {
    const code = query.get('code') ?? ''
    return <DeviceGrantPage key={code} me={me} code={code} />
  }
  return <Shell me={me} dueAt={typeof duty === 'object' ? duty.dueAt : null} />
}
