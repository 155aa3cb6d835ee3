import { useEffect, useState } from 'react'
import type { NetworkStep } from '#protocol/pane.ts'
import { DeedLine } from './deed-line.tsx'
import { Scroll } from './scroll.tsx'
import { useDeed } from './use-deed.ts'
import type { ViewProps } from './use-facts.ts'

const names: Readonly<Record<NetworkStep['name'], string>> = {
  address: "This machine's address",
  dns: "The server's name",
  tcp: 'The way to its port',
  tls: 'Its certificate',
  carillon: 'Carillon itself',
}
const marks: Readonly<Record<NetworkStep['state'], string>> = {
  waiting: '…',
  running: '…',
  ok: '✓',
  failed: '✗',
  skipped: '–',
}

export function NetworkView({ bridge, facts }: ViewProps) {
  const [steps, setSteps] = useState<readonly NetworkStep[]>([])
  const deed = useDeed()
  useEffect(() => bridge.onNetwork(setSteps), [bridge])
  const check = (): void =>
    deed.run(
      () => bridge.checkNetwork(),
      ({ value }) => (value.some(({ state }) => state === 'failed') ? 'Found what is wrong.' : 'All is well.'),
    )
  return (
    <div className="pane-stack pane-fill">
      <div className="pane-row">
        <button type="button" className="pane-button pane-strong" disabled={deed.isRunning} onClick={check}>
          Check the way to {facts.server.replace(/^https?:\/\//, '')}
        </button>
      </div>
      <DeedLine deed={deed} running="Checking" />
      {steps.length > 0 && (
        <Scroll label="Steps of the check">
          <ol className="pane-steps">
            {steps.map(({ name, state, result, advice }) => (
              <li key={name} className={`pane-step-${state}`}>
                <span className="pane-mark" role="img" aria-label={state}>
                  {marks[state]}
                </span>
                <span>
                  <strong>{names[name]}</strong> {result}
                  {advice !== null && <em className="pane-advice">{advice}</em>}
                </span>
              </li>
            ))}
          </ol>
        </Scroll>
      )}
    </div>
  )
}
