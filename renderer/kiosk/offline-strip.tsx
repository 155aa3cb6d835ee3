import type { LinkState } from '#protocol/ipc.ts'
import { moment } from '../shared/time.ts'

interface OfflineStripProps {
  readonly link: Extract<LinkState, { phase: 'offline' }>
  readonly now: number
  /** Whether a message stays on the screen meanwhile. */
  readonly showing: boolean
}

export function OfflineStrip({ link, now, showing }: OfflineStripProps) {
  return (
    <p className="offline" role="status">
      <strong>Offline since {moment(link.since, now)}.</strong>{' '}
      {showing ? 'Showing the last message.' : 'Messages appear here when the server is back.'}
    </p>
  )
}
