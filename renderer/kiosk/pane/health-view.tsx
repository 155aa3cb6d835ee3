import { healthFacts } from './fact-words.ts'
import { FactsList } from './facts-list.tsx'
import { Scroll } from './scroll.tsx'
import type { ViewProps } from './use-facts.ts'

export function HealthView({ facts }: ViewProps) {
  if (facts.health === null) {
    return <p className="pane-text">Nothing has been measured yet. It takes about a minute after the app begins.</p>
  }
  return (
    <Scroll label="Health of this machine">
      <FactsList facts={healthFacts(facts.health, Date.now())} />
    </Scroll>
  )
}
