import { IconCircleFilled, IconLoader2, IconPlugConnectedX } from '@tabler/icons-react'
import type { LinkState } from '#protocol/ipc.ts'
import { useNow } from '../shared/now.ts'
import { moment } from '../shared/time.ts'

/** The connection in two words, for a header. */
export function LinkStatus({ link }: { readonly link: LinkState }) {
  return (
    <span className={`link-status link-${link.phase}`} role="status" aria-label="Connection">
      <LinkIcon phase={link.phase} />
      <span>{words[link.phase]}</span>
    </span>
  )
}

/** The connection in a sentence across the page, for as long as something is wrong. */
export function LinkBanner({ link, onRetry }: { readonly link: LinkState; readonly onRetry?: () => void }) {
  const now = useNow(30_000)
  if (link.phase !== 'offline') return null
  return (
    <div className="link-banner" role="alert">
      <IconPlugConnectedX size={20} stroke={1.6} aria-hidden="true" />
      <p>
        <strong>Offline since {moment(link.since, now)}.</strong> {link.message}{' '}
        {link.code !== 'refused' && 'What came in before is still here, and what is missed comes later by itself.'}
      </p>
      {onRetry !== undefined && (
        <button type="button" className="link-retry" onClick={onRetry}>
          Connect again
        </button>
      )}
    </div>
  )
}

const words = { online: 'Online', connecting: 'Connecting', offline: 'Offline' } as const satisfies Record<
  LinkState['phase'],
  string
>

function LinkIcon({ phase }: { readonly phase: LinkState['phase'] }) {
  if (phase === 'online') return <IconCircleFilled size={9} aria-hidden="true" />
  if (phase === 'connecting') return <IconLoader2 className="turning" size={15} stroke={2} aria-hidden="true" />
  return <IconPlugConnectedX size={16} stroke={1.8} aria-hidden="true" />
}
