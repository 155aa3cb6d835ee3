import type { KioskState } from '#protocol/ipc.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { moment, remaining } from '../shared/time.ts'

type Unreachable = Extract<KioskState, { phase: 'unreachable' }>

/** What is wrong, and what somebody standing in front of the screen can do about it. */
const troubles: Readonly<Record<Unreachable['code'], { headline: string; advice: string }>> = {
  server_unreachable: {
    headline: 'The server does not answer',
    advice: 'Check that this kiosk is connected to the network and that the server is running.',
  },
  not_carillon: {
    headline: 'No Carillon at this address',
    advice: 'Check the address this kiosk was started with.',
  },
  connection_lost: {
    headline: 'The connection was lost',
    advice: 'Check the network. The kiosk goes on by itself when the server answers again.',
  },
  refused: {
    headline: 'The server refuses this kiosk',
    advice: 'Ask somebody who looks after the server to find out why.',
  },
}

interface UnreachableViewProps {
  readonly state: Unreachable
  /** What is wrong with the clock, which keeps secure connections from opening. */
  readonly clock: string | null
  /** What was wrong when this kiosk started. */
  readonly notice: string | null
}

export function UnreachableView({ state, clock, notice }: UnreachableViewProps) {
  const now = useNow(1000)
  const { headline, advice } = troubles[state.code]
  return (
    <main className="view view-page">
      <header className="brand">
        <Bell className="mark" />
        <span>Carillon</span>
      </header>
      <section className="sheet" aria-labelledby="trouble">
        <h1 id="trouble" className="headline">
          {headline}
        </h1>
        <p className="lead">{state.message}</p>
        <p className="lead">{advice}</p>
        {notice !== null && <p className="lead trouble">{notice}</p>}
        {clock !== null && <p className="lead trouble">{clock} It waits for the time from the network.</p>}
        <dl className="facts">
          <div>
            <dt>Server</dt>
            <dd className="address">{state.server}</dd>
          </div>
          <div>
            <dt>Since</dt>
            <dd>{moment(state.since, now)}</dd>
          </div>
          <div>
            <dt>Next try</dt>
            <dd>{state.retryAt > now ? `in ${remaining(state.retryAt, now)}` : 'now'}</dd>
          </div>
        </dl>
      </section>
    </main>
  )
}
