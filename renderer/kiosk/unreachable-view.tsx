import type { KioskState } from '#protocol/ipc.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { moment, remaining } from '../shared/time.ts'

type Unreachable = Extract<KioskState, { phase: 'unreachable' }>

/** What somebody standing in front of the screen can do about each trouble. */
const advice: Readonly<Record<Unreachable['code'], string>> = {
  server_unreachable: 'Check that this kiosk is connected to the network and that the server is running.',
  not_carillon: 'Something answers at this address, but it is not a Carillon server. Check the address.',
  connection_lost: 'Check the network. The kiosk goes on by itself when the server answers again.',
  refused: 'Ask somebody who looks after the server why it refuses this kiosk.',
}

export function UnreachableView({ state }: { readonly state: Unreachable }) {
  const now = useNow(1000)
  return (
    <main className="view view-page">
      <header className="brand">
        <Bell className="mark" />
        <span>Carillon</span>
      </header>
      <section className="sheet" aria-labelledby="trouble">
        <h1 id="trouble" className="headline">
          The server does not answer
        </h1>
        <p className="lead">{state.message}</p>
        <p className="lead">{advice[state.code]}</p>
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
