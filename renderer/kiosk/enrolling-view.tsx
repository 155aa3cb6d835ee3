import { useState } from 'react'
import type { KioskState } from '#protocol/ipc.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { QrCode } from '../shared/qr-code.tsx'
import { remaining } from '../shared/time.ts'

type Enrolling = Extract<KioskState, { phase: 'enrolling' }>

interface EnrollingViewProps {
  readonly state: Enrolling
  /** What was wrong when this kiosk started. */
  readonly notice: string | null
}

export function EnrollingView({ state, notice }: EnrollingViewProps) {
  const said = state.notice ?? notice
  return (
    <main className="view view-page">
      <header className="brand">
        <Bell className="mark" />
        <span>Carillon</span>
      </header>
      {said !== null && (
        <p className="notice" role="status">
          {said}
        </p>
      )}
      <div className="enrol">
        <section className="enrol-words" aria-labelledby="enrol">
          <h1 id="enrol" className="headline">
            Approve this screen
          </h1>
          <p className="lead">
            Open <span className="address">{state.verificationUri}</span> and enter this code:
          </p>
          <output className="code" aria-label="Enrolment code">
            {state.userCode}
          </output>
          <TimeLeft expiresAt={state.expiresAt} />
        </section>
        <figure className="enrol-qr">
          <QrCode text={state.verificationUriComplete} label={`QR code that opens ${state.verificationUriComplete}`} />
          <figcaption>or scan it with a phone</figcaption>
        </figure>
      </div>
    </main>
  )
}

/** Its own component, so that a tick renders a line and not the page. */
function TimeLeft({ expiresAt }: { readonly expiresAt: number }) {
  const now = useNow(1000)
  const [first] = useState(now)
  const left = Math.max(0, expiresAt - now)
  return (
    <div className="time-left">
      <progress aria-label="Time left for this code" max={Math.max(1, expiresAt - first)} value={left} />
      <p className="quiet">
        {left > 0 ? `A new code comes by itself in ${remaining(expiresAt, now)}` : 'A new code is on its way'}
      </p>
    </div>
  )
}
