import { useState } from 'react'
import type { PaneBridge, PaneState } from '#protocol/pane.ts'
import { ActionsView } from './actions-view.tsx'
import { CredentialView } from './credential-view.tsx'
import { ExportView } from './export-view.tsx'
import { HealthView } from './health-view.tsx'
import { LogView } from './log-view.tsx'
import { NetworkView } from './network-view.tsx'
import { OverviewView } from './overview-view.tsx'
import { PaneHeader } from './pane-header.tsx'
import { ServerView } from './server-view.tsx'
import { useFacts } from './use-facts.ts'

interface OpenViewProps {
  readonly bridge: PaneBridge
  readonly state: Extract<PaneState, { phase: 'open' }>
}

const views = {
  Overview: OverviewView,
  Health: HealthView,
  Actions: ActionsView,
  Network: NetworkView,
  Server: ServerView,
  Credential: CredentialView,
  Log: LogView,
  Export: ExportView,
} as const
type ViewName = keyof typeof views
const names = Object.keys(views) as readonly ViewName[]

/** Main tells what there is to see; nothing of it is kept once the pane closes. */
export function OpenView({ bridge, state }: OpenViewProps) {
  const [name, setName] = useState<ViewName>('Overview')
  const facts = useFacts(bridge)
  const View = views[name]
  return (
    <main className="pane">
      <PaneHeader
        title={facts === null ? 'This screen' : (facts.name ?? facts.hostname)}
        closesAt={state.closesAt}
        close={() => void bridge.close()}
      />
      <div className="pane-body pane-split">
        <nav className="pane-nav" aria-label="Parts of the pane">
          {names.map((one) => (
            <button
              key={one}
              type="button"
              className="pane-tab"
              aria-current={one === name ? 'page' : undefined}
              onClick={() => setName(one)}
            >
              {one}
            </button>
          ))}
        </nav>
        <section className="pane-view" aria-label={name}>
          {facts !== null && <View bridge={bridge} facts={facts} />}
        </section>
      </div>
    </main>
  )
}
