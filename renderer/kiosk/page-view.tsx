import type { ShellView } from '#protocol/shell-view.ts'
import { Bell } from '../shared/bell.tsx'
import { moment, remaining } from '../shared/time.ts'

interface PageViewProps {
  readonly shell: ShellView
  readonly now: number
}

/** What is seen where a page should be, as long as it is not there. */
export function PageView({ shell, now }: PageViewProps) {
  const { state, refusal, retryAt } = shell
  if (refusal !== null) {
    return (
      <Trouble headline="This page may not be shown here" message={refusal} facts={{ Code: 'origin_not_allowed' }} />
    )
  }
  if (state.phase === 'failed' && state.fault !== null) {
    const facts = {
      Page: clipped(state.url ?? ''),
      Since: moment(Date.parse(state.since), now),
      'Next try': retryAt !== null && retryAt > now ? `in ${remaining(retryAt, now)}` : 'now',
      Code: state.fault,
    }
    return <Trouble headline="The page cannot be shown" message={state.message ?? ''} facts={facts} />
  }
  if (state.phase === 'showing' || state.phase === 'cached' || state.phase === 'waiting') return null
  return (
    <section className="coming" aria-label="The page">
      <Bell className="mark mark-large" />
      <p className="coming-words" role="status">
        {state.fault === null ? 'Loading the page' : 'Bringing the page back'}
      </p>
      {state.message !== null && <p className="quiet coming-why">{state.message}</p>}
    </section>
  )
}

interface TroubleProps {
  readonly headline: string
  readonly message: string
  readonly facts: Readonly<Record<string, string>>
}

function Trouble({ headline, message, facts }: TroubleProps) {
  return (
    <section className="sheet" aria-labelledby="trouble">
      <h2 id="trouble" className="headline">
        {headline}
      </h2>
      <p className="lead">{message}</p>
      <dl className="facts">
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="address">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** An address may be longer than a screen. */
function clipped(address: string): string {
  return address.length > 150 ? `${address.slice(0, 149)}…` : address
}
