import type { PaneFacts } from '#protocol/pane.ts'
import { clockTimeWithSeconds } from '../../shared/time.ts'
import { overviewFacts } from './fact-words.ts'
import { FactsList } from './facts-list.tsx'
import { Scroll } from './scroll.tsx'
import type { ViewProps } from './use-facts.ts'

export function OverviewView({ facts }: ViewProps) {
  return (
    <Scroll label="About this screen">
      <FactsList facts={overviewFacts(facts, Date.now())} />
      <h2 className="pane-subtitle">What the supervisor did</h2>
      <History history={facts.history} />
    </Scroll>
  )
}

function History({ history }: Pick<PaneFacts, 'history'>) {
  if (history.length === 0) return <p className="pane-text">Nothing since the app began.</p>
  return (
    <ol className="pane-history">
      {history.map(({ at, phase, fault, message }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two records of one moment differ in nothing else
        <li key={`${at} ${index}`}>
          <time>{clockTimeWithSeconds(at)}</time> {[phase, fault, message].filter((part) => part !== null).join(' · ')}
        </li>
      ))}
    </ol>
  )
}
